"""Hands the calls that go on to the link that follows them: it takes them up when the hub starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from hub.errors import Unavailable
from hub.events.calls import CallSnapshot
from hub.kernel.installation import Transactions
from hub.log import get_logger
from hub.modules.calls.models import IS_LIVE, Call
from hub.modules.calls.rules import stored_legs, stored_parties, stored_transfers
from hub.ports.telephony import StoredCall
from hub.values import CallId, ShopId

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
_MOST = 10_000


class StoredCalls:
    """Implements ports.telephony.CallMemory."""

    def __init__(
        self, transactions: Transactions, shop: ShopId, last_seen: Callable[[], datetime | None]
    ) -> None:
        self._last_seen = last_seen
        self._transactions = transactions
        self._shop = shop
        self._log = get_logger("calls.memory")

    async def living(self) -> Sequence[StoredCall]:
        """Those that have not ended. Waits and tries again while the database is away."""
        wait = _FIRST_WAIT
        while True:
            try:
                async with self._transactions.reading(actor=None, shop_id=self._shop) as uow:
                    return await uow.read(_living)
            except Unavailable as fault:
                self._log.warning("the link waits for the database", code=fault.code, text=fault.text)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    def last_seen(self) -> datetime | None:
        """When the hub before us was, if it was killed."""
        return self._last_seen()


def _living(connection: Connection) -> list[StoredCall]:
    query = select(*Call.__table__.c).where(IS_LIVE).order_by(Call.started_at, Call.id).limit(_MOST)
    return [StoredCall(step=row.step, call=_snapshot(row)) for row in connection.execute(query)]


def _snapshot(row: Row[Any]) -> CallSnapshot:
    return CallSnapshot(
        call_id=CallId(row.id), direction=row.direction, from_number=row.from_number,
        to_number=row.to_number, caller_name=row.caller_name, dialled=row.dialled, trunk=row.trunk,
        queue=row.queue, state=row.state, result=row.result, missed_reason=row.missed_reason,
        started_at=row.started_at, queued_at=row.queued_at, offered_at=row.offered_at,
        answered_at=row.answered_at, ended_at=row.ended_at, wait_seconds=row.wait_seconds,
        talk_seconds=row.talk_seconds, hold_seconds=row.hold_seconds, answered_by=row.answered_by,
        last_extension=row.last_extension, parties=stored_parties(row.parties),
        transfers=stored_transfers(row.transfers), legs=stored_legs(row.legs),
        parked_at_space=row.parked_space, is_complete=row.is_complete,
    )  # fmt: skip
