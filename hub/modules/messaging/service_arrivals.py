"""What people write to the shop stands in threads. The hot path: Core on the writer's connection, one fact
after the other in the order in which they came; each of them may come twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hub.events.base import Envelope
from hub.events.messages import MessageArrived, MessageReceived, ReachChanged, is_for_the_bot
from hub.kernel.context import BatchContext, Delivered
from hub.kernel.storage.orm import new_id
from hub.kernel.storage.turns import take_turn
from hub.modules.calls.api import shop_of_line
from hub.modules.consents.api import word_of
from hub.modules.crm.api import NOBODY, CallerMatch, match_callers
from hub.modules.messaging import statements as sql
from hub.modules.messaging.joining import join_threads
from hub.modules.messaging.rules import LONGEST_TEXT, number_behind
from hub.modules.messaging.service_book import MOST_STEPS, TOPIC, turn_of_address, turn_of_client
from hub.modules.messaging.views import ThreadState
from hub.modules.tasks.api import notice_writer
from hub.values import ShopId

_LONGEST_NAME = 200
_LONGEST_LANGUAGE = 16
_LONGEST_TYPE = 120


@dataclass(slots=True)
class _Thread:
    """What a message changes of its thread."""

    id: str
    rev: int
    shop_id: ShopId
    client_id: str | None
    state: ThreadState
    unread: int
    waiting_since: datetime | None
    snoozed_until: datetime | None
    last_at: datetime
    last_n: int | None


class ArrivalKeeper:
    """Messages of theirs become rows."""

    def __init__(self, ctx: BatchContext) -> None:
        self._ctx = ctx
        self._connection = ctx.connection
        self._clock = ctx.deps.clock

    def lock(self, batch: Sequence[Delivered[MessageReceived]]) -> None:
        """Everything that these change, in the one order (service_book.py). SQLite has one writer anyway."""
        if self._connection.dialect.name == "sqlite":
            return
        addresses, clients, threads = set[str](), set[str](), set[str]()
        for event, cause in ((one.event, one.envelope) for one in batch):
            _, match = self._behind(event, cause)
            address = self._address(event)
            if address is None:
                addresses.add(turn_of_address(event.channel, event.address))
            else:
                threads.add(address.conversation_id)
            if match.client_id is not None:
                clients.add(match.client_id)
        for turn in (*sorted(addresses), *sorted(map(turn_of_client, clients))):
            take_turn(self._connection, turn)
        for client_id in clients:
            found = sql.THREAD_ID_OF_CLIENT.all(self._connection, {"v_client_id": client_id})
            threads |= {one.id for one in found}
        for thread_id in sorted(threads):
            sql.THREAD.all(self._connection, {"v_id": thread_id})

    def received(self, event: MessageReceived, cause: Envelope) -> None:
        """A message, or another wording of one. The second arrival is silence."""
        proven, match = self._behind(event, cause)
        address = self._address(event)
        if address is None:
            take_turn(self._connection, turn_of_address(event.channel, event.address))
            address = self._address(event)
        else:
            self._living(address.conversation_id)
        known_as = {"v_provider_id": event.provider_id, "v_channel": event.channel}
        if sql.FROM_THEM.all(self._connection, {**known_as, "v_address": event.address}):
            return
        if address is None:
            thread = self._thread_of_client(event, match.client_id, cause)
            address = self._new_address(event, thread.id, proven)
        else:
            thread = self._living(address.conversation_id)
        if event.edits is not None and self._edited(event, thread):
            return
        self._meet(address, event, proven, cause)
        if thread.client_id is None and match.client_id is not None:
            thread = self._give(thread, match.client_id)
        self._arrived(event, thread, proven, match, cause)

    def _behind(self, event: MessageReceived, cause: Envelope) -> tuple[str | None, CallerMatch]:
        """The phone of whoever writes, where it is sure, and whose it is."""
        country = self._ctx.deps.places.of(cause.shop_id).country
        proven = number_behind(event.channel, event.address, event.phone, country)
        return proven, match_callers(self._connection, [proven], country)[proven] if proven else NOBODY

    def _arrived(
        self, event: MessageReceived, thread: _Thread, proven: str | None, match: CallerMatch, cause: Envelope
    ) -> None:
        message_id, number, text = self._store(event, thread)
        is_for_people = not is_for_the_bot(event)
        self._wake(thread, event, number, is_wanted=is_for_people and match.relation != "spam")
        if is_for_people:
            notice_writer(
                self._ctx, cause, message_id=message_id, client_id=thread.client_id, number=proven,
                at=event.written_at,
            )  # fmt: skip
        self._ctx.publish(
            MessageArrived(
                message_id=message_id, conversation_id=thread.id, client_id=thread.client_id,
                channel=event.channel, address=event.address, text=text, account=event.account,
                phone=event.phone, start=event.start, pressed=event.pressed, answers=event.answers,
                language=event.language,
            ),
            cause=cause, external_id=f"arrived:{message_id}",
        )  # fmt: skip

    def _address(self, event: MessageReceived) -> Any:
        asked = {"v_channel": event.channel, "v_address": event.address}
        return next(iter(sql.ADDRESS.all(self._connection, asked)), None)

    def _new_address(self, event: MessageReceived, thread_id: str, proven: str | None) -> Any:
        row = {
            "v_id": new_id(self._clock), "v_conversation_id": thread_id, "v_channel": event.channel,
            "v_account": event.account, "v_address": event.address, "v_number_key": proven, "v_writer": "",
            "v_language": None, "v_is_blocked": False, "v_heard_at": None,
        }  # fmt: skip
        sql.PUT_ADDRESS.run(self._connection, [row])
        return self._address(event)

    def _living(self, thread_id: str) -> _Thread:
        """Locked; of one that became part of another, that other."""
        for _ in range(MOST_STEPS):
            (row,) = sql.THREAD.all(self._connection, {"v_id": thread_id})
            if row.merged_into is None:
                return _thread(row)
            thread_id = row.merged_into
        raise LookupError(f"thread {thread_id} is merged in a circle")

    def _thread_of_client(self, event: MessageReceived, client_id: str | None, cause: Envelope) -> _Thread:
        known = self._known_of(client_id) if client_id is not None else None
        if known is not None:
            return known
        thread = _Thread(
            id=new_id(self._clock), rev=0, client_id=client_id, state="closed", unread=0, waiting_since=None,
            shop_id=shop_of_line(self._connection, event.account) or cause.shop_id, snoozed_until=None,
            last_at=event.written_at, last_n=None,
        )  # fmt: skip
        row = {
            "v_id": thread.id, "v_rev": thread.rev, "v_shop_id": thread.shop_id, "v_client_id": client_id,
            "v_is_chosen": False, "v_state": thread.state, "v_owner_id": None, "v_unread": 0,
            "v_waiting_since": None, "v_snoozed_until": None, "v_last_at": thread.last_at, "v_last_n": None,
            "v_answering_by": None, "v_answering_name": "", "v_answering_until": None, "v_merged_into": None,
            "v_created_at": self._clock.now(),
        }  # fmt: skip
        sql.PUT_THREAD.run(self._connection, [row])
        return thread

    def _known_of(self, client_id: str) -> _Thread | None:
        take_turn(self._connection, turn_of_client(client_id))
        rows = sql.THREAD_OF_CLIENT.all(self._connection, {"v_client_id": client_id})
        return _thread(rows[0]) if rows else None

    def _edited(self, event: MessageReceived, thread: _Thread) -> bool:
        """The other wording takes the place of the first; of one that we never saw it is a new message."""
        asked = {"v_channel": event.channel, "v_address": event.address, "v_provider_id": event.edits}
        row = next(iter(sql.FROM_THEM.all(self._connection, asked)), None)
        if row is None:
            return False
        if row.edited_at is None or row.edited_at < event.written_at:
            said = {"v_text": event.text[:LONGEST_TEXT], "v_edited_at": event.written_at}
            sql.REWORD.run(self._connection, [{"v_id": row.id, "v_rev": row.rev + 1, **said}])
            thread.rev += 1
            sql.TOUCH.run(self._connection, [{"v_id": thread.id, "v_rev": thread.rev}])
            self._hint(thread)
        return True

    def _meet(self, address: Any, event: MessageReceived, proven: str | None, cause: Envelope) -> None:
        """Who writes, by which account of ours; whoever writes takes messages again."""
        language = (event.language or address.language or "")[:_LONGEST_LANGUAGE] or None
        met = {
            "v_id": address.id, "v_writer": event.writer[:_LONGEST_NAME] or address.writer,
            "v_language": language, "v_account": event.account, "v_is_blocked": False,
            "v_heard_at": max(event.written_at, address.heard_at or event.written_at),
            "v_number_key": proven if proven is not None else address.number_key,
        }  # fmt: skip
        sql.MEET.run(self._connection, [met])
        if address.is_blocked and word_of(event.text, event.channel) not in ("stop", "stop_all"):
            back = ReachChanged(
                channel=event.channel, account=event.account, address=event.address, is_blocked=False
            )
            self._ctx.publish(back, cause=cause)

    def _give(self, thread: _Thread, client_id: str) -> _Thread:
        """The thread is this client's from now on; joined with the one that they have already."""
        known = self._known_of(client_id)
        if known is not None and known.id != thread.id:
            join_threads(self._connection, thread.id, known.id)
            self._hint(replace(thread, rev=thread.rev + 1))
            return self._living(known.id)
        thread.client_id = client_id
        given = {"v_id": thread.id, "v_client_id": client_id, "v_is_chosen": False, "v_rev": thread.rev}
        sql.GIVE.run(self._connection, [given])
        return thread

    def _store(self, event: MessageReceived, thread: _Thread) -> tuple[str, int, str]:
        """Its id, its place in the order of arrival, its text."""
        message_id, text = new_id(self._clock), event.text[:LONGEST_TEXT]
        row = {
            "id": message_id, "rev": 1, "shop_id": thread.shop_id, "conversation_id": thread.id,
            "channel": event.channel, "account": event.account, "address": event.address,
            "direction": "inbound", "state": "received", "text": text, "provider_id": event.provider_id,
            "error": "", "created_at": event.written_at, "settled_at": None, "edited_at": None, "actor": None,
            "author": event.writer[:_LONGEST_NAME], "cause": "", "purpose": "dialogue", "priority": 0,
            "not_before": None, "not_after": None, "tries": 0, "finds": 0, "claim": None,
            "claimed_until": None, "parts": 0, "answers": "", "carried_by": "",
            "more": _more(event),
        }  # fmt: skip
        sql.PUT_MESSAGE.run(self._connection, [{f"v_{name}": value for name, value in row.items()}])
        (number,) = sql.NUMBER.all(self._connection, {"v_id": message_id})
        self._put_files(event, message_id)
        return message_id, number.n, text

    def _put_files(self, event: MessageReceived, message_id: str) -> None:
        now = self._clock.now()
        rows = [
            {
                "v_id": new_id(self._clock), "v_message_id": message_id, "v_position": position,
                "v_channel": event.channel, "v_ref": file.ref, "v_name": file.name[:_LONGEST_NAME],
                "v_content_type": file.content_type[:_LONGEST_TYPE], "v_size": file.size or 0,
                "v_state": "waiting", "v_path": "", "v_tries": 0, "v_not_before": now, "v_actor": None,
                "v_created_at": now,
            }
            for position, file in enumerate(event.attachments)
        ]  # fmt: skip
        if rows:
            sql.PUT_FILE.run(self._connection, rows)

    def _wake(self, thread: _Thread, event: MessageReceived, number: int, *, is_wanted: bool) -> None:
        """A thread that somebody writes into is open and waits; spam wakes nobody."""
        if thread.last_n is None or event.written_at >= thread.last_at:
            thread.last_at, thread.last_n = event.written_at, number
        if is_wanted:
            thread.state, thread.snoozed_until = "open", None
            thread.unread += 1
            if thread.waiting_since is None or event.written_at < thread.waiting_since:
                thread.waiting_since = event.written_at
        thread.rev += 1
        woken = ("id", "rev", "last_at", "last_n", "state", "snoozed_until", "unread", "waiting_since")
        sql.WAKE.run(self._connection, [{f"v_{name}": getattr(thread, name) for name in woken}])
        self._hint(thread)

    def _hint(self, thread: _Thread) -> None:
        self._ctx.hint(TOPIC, thread.id, thread.rev, thread.shop_id)


def _thread(row: Any) -> _Thread:
    return _Thread(
        id=row.id, rev=row.rev, shop_id=ShopId(row.shop_id), client_id=row.client_id, state=row.state,
        unread=row.unread, waiting_since=row.waiting_since, snoozed_until=row.snoozed_until,
        last_at=row.last_at, last_n=row.last_n,
    )  # fmt: skip


def _more(event: MessageReceived) -> dict[str, Any]:
    """What few messages have."""
    said = {"start": event.start, "pressed": event.pressed, "answers": event.answers}
    more: dict[str, Any] = {name: value for name, value in said.items() if value}
    if event.place is not None:
        more["place"] = {"latitude": event.place.latitude, "longitude": event.place.longitude}
    return more
