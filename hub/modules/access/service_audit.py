"""The audit log: rows are added, read, and never touched again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from sqlalchemy import select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.orm import new_id
from hub.modules.access.models import AuditEntry
from hub.modules.access.views import AuditView
from hub.values import ShopId


class AuditService:
    """Adds to and reads the audit log."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    def add(
        self, action: str, outcome: str, *, subject: str = "", actor: str | None = None, address: str = "",
        request_id: str = "", details: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """What was done (`done`), refused (`refused`) or went wrong (`failed`). Never put secrets here."""
        self._uow.session.add(
            AuditEntry(
                id=new_id(self._deps.clock), at=self._deps.clock.now(), shop_id=self._uow.shop_id,
                actor=actor or self._uow.actor, action=action[:80], outcome=outcome, subject=subject[:200],
                address=address[:64], request_id=request_id[:32],
                details=json.dumps(dict(details), ensure_ascii=False)[:2000] if details else "",
            )
        )  # fmt: skip

    async def page(
        self, shops: Collection[ShopId], *, before: str | None = None, limit: int = 50
    ) -> list[AuditView]:
        """Newest first."""
        query = select(AuditEntry).where(AuditEntry.shop_id.in_(shops)).order_by(AuditEntry.id.desc())
        if before is not None:
            query = query.where(AuditEntry.id < before)
        return [
            AuditView(
                id=row.id, at=row.at, actor=row.actor, action=row.action, outcome=row.outcome,
                subject=row.subject, address=row.address, request_id=row.request_id, details=row.details,
            )
            for row in await self._uow.session.scalars(query.limit(limit))
        ]  # fmt: skip
