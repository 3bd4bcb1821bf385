"""What providers tell of messages of ours, in any order, and perhaps before we know their id of it. The hot
path: Core on the writer's connection; every fact may come twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hub.events.base import Envelope
from hub.events.messages import MessageBarred, MessageSettled, MessageStatusChanged
from hub.kernel.context import BatchContext, Delivered
from hub.kernel.storage.turns import take_turn
from hub.modules.messaging import statements as sql
from hub.modules.messaging.rules import ARRIVED, further
from hub.modules.messaging.service_book import TOPIC
from hub.modules.messaging.service_settling import LONGEST_ERROR, carried, turn_of
from hub.values import ShopId

_LONGEST_ID = 26


class StatusKeeper:
    """Moves messages of ours on."""

    def __init__(self, ctx: BatchContext) -> None:
        self._ctx = ctx
        self._connection = ctx.connection

    def lock(self, batch: Sequence[Delivered[MessageStatusChanged]]) -> None:
        """Everything that these change, in the one order (service_book.py). SQLite has one writer anyway."""
        if self._connection.dialect.name == "sqlite":
            return
        threads, turns = set[str](), set[str]()
        for event in (one.event for one in batch):
            asked = {"v_channel": event.channel}
            found = sql.THREAD_OF_OURS_BY_PROVIDER.all(
                self._connection, {**asked, "v_provider_id": event.provider_id}
            )
            if event.message_id is not None:
                own = {**asked, "v_id": event.message_id[:_LONGEST_ID]}
                found += sql.THREAD_OF_OURS.all(self._connection, own)
            threads |= {one.conversation_id for one in found}
            turns.add(turn_of(event.channel, event.provider_id))
        for thread_id in sorted(threads):
            sql.THREAD.all(self._connection, {"v_id": thread_id})
        for turn in sorted(turns):
            take_turn(self._connection, turn)

    def told(self, event: MessageStatusChanged, cause: Envelope) -> None:
        """It is so far, or the address takes nothing any more."""
        take_turn(self._connection, turn_of(event.channel, event.provider_id))
        row = self._message(event)
        if row is None:
            self._remember(event, cause.occurred_at)
            return
        if _is_of_a_former_try(row, event):
            return
        if further(row.state, event.state):
            self._settle(row, event, cause)
        elif row.provider_id is None:
            sql.NAME.run(self._connection, [{"v_id": row.id, "v_provider_id": event.provider_id}])
        if event.is_blocked:
            self._barred(row, event, cause)

    def _message(self, event: MessageStatusChanged) -> Any:
        if event.message_id is not None and len(event.message_id) <= _LONGEST_ID:
            asked = {"v_channel": event.channel, "v_id": event.message_id}
            for row in sql.OURS.all(self._connection, asked):
                if row.provider_id == event.provider_id:
                    return row
                if row.provider_id is None:
                    return self._unnamed(row, event)
        return self._by_provider(event)

    def _by_provider(self, event: MessageStatusChanged) -> Any:
        asked = {"v_channel": event.channel, "v_provider_id": event.provider_id}
        return next(iter(sql.OURS_BY_PROVIDER.all(self._connection, asked)), None)

    def _unnamed(self, row: Any, event: MessageStatusChanged) -> Any:
        """The provider's id is the one that this message gets, unless another message to there has it."""
        known = self._by_provider(event)
        return known if known is not None and known.address == row.address else row

    def _settle(self, row: Any, event: MessageStatusChanged, cause: Envelope) -> None:
        error = event.error[:LONGEST_ERROR]
        carried_by, parts = carried(row, event.carried_by)
        settled = {
            "v_id": row.id, "v_provider_id": row.provider_id or event.provider_id, "v_state": event.state,
            "v_error": error, "v_claim": None, "v_claimed_until": None, "v_settled_at": cause.occurred_at,
            "v_rev": row.rev + 1, "v_carried_by": carried_by, "v_parts": parts,
        }  # fmt: skip
        sql.SETTLE.run(self._connection, [settled])
        client_id = self._touch(row.conversation_id)
        self._ctx.publish(
            MessageSettled(
                message_id=row.id, conversation_id=row.conversation_id, client_id=client_id,
                channel=row.channel, address=row.address, state=event.state, error=error,
            ),
            cause=cause,
        )  # fmt: skip

    def _touch(self, thread_id: str) -> str | None:
        """The thread shows it; whose it is."""
        (thread,) = sql.THREAD.all(self._connection, {"v_id": thread_id})
        sql.TOUCH.run(self._connection, [{"v_id": thread.id, "v_rev": thread.rev + 1}])
        self._ctx.hint(TOPIC, thread.id, thread.rev + 1, ShopId(thread.shop_id))
        client_id: str | None = thread.client_id
        return client_id

    def _barred(self, row: Any, event: MessageStatusChanged, cause: Envelope) -> None:
        """The address takes nothing of us any more: seldom, and the ledger of consents is written too."""
        (thread,) = sql.THREAD.all(self._connection, {"v_id": row.conversation_id})
        barred = MessageBarred(
            message_id=row.id, conversation_id=thread.id, client_id=thread.client_id, channel=row.channel,
            address=row.address, error=event.error[:LONGEST_ERROR],
        )  # fmt: skip
        self._ctx.publish(barred, cause=cause, external_id=f"barred:{row.id}")

    def _remember(self, event: MessageStatusChanged, at: datetime) -> None:
        """While a message of that channel is on its way, its id may still be unknown to us."""
        channel = {"v_channel": event.channel}
        if not any(one.all(self._connection, channel) for one in sql.ON_ITS_WAY):
            return
        asked = {**channel, "v_provider_id": event.provider_id}
        known = next(iter(sql.EARLY.all(self._connection, asked)), None)
        if known is not None and not further(known.state, event.state):
            return
        if known is not None:
            sql.DROP_EARLY.run(self._connection, [asked])
        early = {
            **asked, "v_state": event.state, "v_error": event.error, "v_is_blocked": event.is_blocked,
            "v_at": at, "v_carried_by": event.carried_by or (known.carried_by if known is not None else ""),
        }  # fmt: skip
        sql.PUT_EARLY.run(self._connection, [early])


def _is_of_a_former_try(row: Any, event: MessageStatusChanged) -> bool:
    """It failed then and was sent once more: of the first try nothing counts but that it has arrived."""
    is_former = row.provider_id is None and event.provider_id in row.more.get("former", ())
    return is_former and event.state not in ARRIVED
