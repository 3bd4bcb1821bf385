"""Whose call it was: by the number as soon as it is known, or because a person said so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from hub.errors import Conflict
from hub.kernel.context import UnitOfWork
from hub.modules.calls.models import ERASED_STEP, Call
from hub.modules.calls.rules import phones_in
from hub.modules.crm.api import CallerMatch
from hub.values import ShopId

_MOST_HINTS = 50
_SEEN_AGO = timedelta(days=30)


class LinkService:
    """Ties calls to clients. Never commits."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def link_number(self, key: str, match: CallerMatch, *, was: str | None = None) -> None:
        """The calls of a number that were nobody's so far (or, by the number, `was`'s): their client, or
        who may have been it. What a person chose stays."""
        known = {"relation": match.relation, "candidate_count": len(match.candidates)}
        whose = Call.client_id.is_(None) if was is None else Call.client_id == was
        nobodys = (Call.other_key == key, whose, ~Call.is_chosen)
        query = update(Call).where(*nobodys)
        query = query.values({**known, "client_id": match.client_id, "rev": Call.rev + 1})
        result = await self._uow.session.execute(
            query.returning(Call.id, Call.rev, Call.started_at, Call.shop_id, Call.parties),
            execution_options={"synchronize_session": False},
        )
        for row in sorted(result, key=lambda row: row.started_at)[-_MOST_HINTS:]:
            self._hint(row.id, row.rev, row.shop_id, row.parties)

    async def choose(
        self, call_id: str, client_id: str | None, vehicle_id: str | None, rev: int | None = None
    ) -> None:
        """A person's word; taking it back (no client) gives the call to the number again. Raises
        Conflict when it is not in this `rev` any more."""
        values = {
            "client_id": client_id, "vehicle_id": vehicle_id, "is_chosen": client_id is not None,
            "rev": Call.rev + 1,
        }  # fmt: skip
        if not await self._change(call_id, values, rev):
            raise Conflict(
                "calls.stale", "Something of this call has changed meanwhile.", "Look at it again."
            )

    async def touch(self, call_id: str) -> None:
        """Something that is shown with the call has changed."""
        await self._change(call_id, {"rev": Call.rev + 1})

    async def tell_of_erased(self, until: datetime) -> None:
        """Whoever looks at calls of the last days whose caller was erased sees that they are nobody's."""
        lately = (Call.step == ERASED_STEP, Call.started_at.between(until - _SEEN_AGO, until))
        query = select(Call.id, Call.rev, Call.shop_id, Call.parties).where(*lately)
        rows = await self._uow.session.execute(query.order_by(Call.started_at.desc()).limit(_MOST_HINTS))
        for row in rows.all():
            self._hint(row.id, row.rev, row.shop_id, row.parties)

    async def _change(self, call_id: str, values: Mapping[str, Any], rev: int | None = None) -> bool:
        query = update(Call).where(Call.id == call_id).values(values)
        if rev is not None:
            query = query.where(Call.rev == rev)
        result = await self._uow.session.execute(
            query.returning(Call.rev, Call.shop_id, Call.parties),
            execution_options={"synchronize_session": False},
        )
        row = result.first()
        if row is not None:
            self._hint(call_id, row.rev, row.shop_id, row.parties)
        return row is not None

    def _hint(self, call_id: str, rev: int, shop_id: str, parties: str) -> None:
        """To the shop of the call, whoever in whatever shop has changed it."""
        self._uow.hint("call", call_id, rev, shop_id=ShopId(shop_id), phones=phones_in(parties))
