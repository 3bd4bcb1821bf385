"""When clients rang: for what somebody sent them before. Never commits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.models import Call

_MOST = 500


class ContactService:
    """Calls of many clients at once."""

    def __init__(self, uow: UnitOfWork, _deps: Deps) -> None:
        self._session = uow.session

    async def inbound(
        self, client_ids: Collection[str], since: datetime, until: datetime
    ) -> list[tuple[str, datetime]]:
        """Client and begin of each of their calls to the shop in this time, the oldest first."""
        ids, found = sorted(client_ids), list[tuple[str, datetime]]()
        for begin in range(0, len(ids), _MOST):
            query = select(Call.client_id, Call.started_at).where(
                Call.client_id.in_(ids[begin : begin + _MOST]), Call.direction == "inbound",
                Call.started_at >= since, Call.started_at < until,
            )  # fmt: skip
            rows = (await self._session.execute(query)).all()
            found += [(client_id, at) for client_id, at in rows if client_id is not None]
        return sorted(found, key=lambda one: one[1])
