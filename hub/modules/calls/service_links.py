"""Whose call it was: by the number as soon as it is known, or because a person said so."""

from __future__ import annotations

from sqlalchemy import update

from hub.kernel.context import UnitOfWork
from hub.modules.calls.models import Call
from hub.modules.crm.api import CallerMatch

_MOST_HINTS = 50


class LinkService:
    """Ties calls to clients. Never commits."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def link_number(self, key: str, match: CallerMatch) -> None:
        """The calls of a number that were nobody's so far: their client, or who may have been it. What
        a person chose stays."""
        known = {"relation": match.relation, "candidate_count": len(match.candidates)}
        nobodys = (Call.other_key == key, Call.client_id.is_(None), ~Call.is_chosen)
        query = update(Call).where(*nobodys)
        query = query.values({**known, "client_id": match.client_id, "rev": Call.rev + 1})
        result = await self._session.execute(
            query.returning(Call.id, Call.rev, Call.started_at),
            execution_options={"synchronize_session": False},
        )
        for row in sorted(result, key=lambda row: row.started_at)[-_MOST_HINTS:]:
            self._uow.hint("call", row.id, row.rev)

    async def choose(self, call_id: str, client_id: str | None, vehicle_id: str | None) -> None:
        """A person's word; taking it back (no client) gives the call to the number again."""
        values = {
            "client_id": client_id, "vehicle_id": vehicle_id, "is_chosen": client_id is not None,
            "rev": Call.rev + 1,
        }  # fmt: skip
        query = update(Call).where(Call.id == call_id).values(values).returning(Call.rev)
        rev = (await self._session.execute(query, execution_options={"synchronize_session": False})).scalar()
        if rev is not None:
            self._uow.hint("call", call_id, rev)

    async def touch(self, call_id: str) -> None:
        """Something that is shown with the call has changed."""
        query = update(Call).where(Call.id == call_id).values(rev=Call.rev + 1).returning(Call.rev)
        rev = (await self._session.execute(query, execution_options={"synchronize_session": False})).scalar()
        if rev is not None:
            self._uow.hint("call", call_id, rev)
