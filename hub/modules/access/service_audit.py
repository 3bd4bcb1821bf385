"""The audit log: entries are added, read, and never touched again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.masking import without_numbers
from hub.kernel.storage.changes import Changes, told
from hub.kernel.storage.orm import new_id
from hub.modules.access.models import AuditEntry
from hub.modules.access.rules_audit import Anchor, Verdict
from hub.modules.access.service_audit_chain import append, head_of, verify
from hub.modules.access.views import AuditView
from hub.values import ShopId

LONGEST_DETAILS = 16_000
_FOLLOWED = "audit_changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries; None and empty = any. `action` and `subject` are found anywhere in what is written;
    `until` is outside."""

    shops: Collection[ShopId]
    actor: str | None = None
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    only_refused: bool = False


class AuditService:
    """Adds to and reads the audit log."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    def follow(self) -> None:
        """From now on every row that this unit of work changes is told by its next entry."""
        info = self._uow.session.sync_session.info
        info.setdefault(_FOLLOWED, Changes(self._uow.session))

    def add(
        self, action: str, outcome: str, *, subject: str = "", actor: str | None = None, address: str = "",
        request_id: str = "", details: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """What was done (`done`), refused (`refused`), not there (`missing`) or went wrong (`failed`).
        It is linked to the chain just before the commit. Never put secrets here."""
        entry = {
            "id": new_id(self._deps.clock), "at": self._deps.clock.now(), "shop_id": str(self._uow.shop_id),
            "actor": actor or self._uow.actor, "action": action[:80], "outcome": outcome[:16],
            "subject": without_numbers(_storable(subject))[:200], "address": address[:64],
            "request_id": request_id[:32],
        }  # fmt: skip
        self._uow.before_commit(partial(self._append, entry, dict(details or {})))

    def _append(self, entry: Mapping[str, Any], details: dict[str, object], connection: Any) -> None:
        changes: Changes | None = self._uow.session.sync_session.info.get(_FOLLOWED)
        found = changes.take() if changes is not None else []
        if found and not entry["subject"]:
            entry = {**entry, "subject": found[0].row_id[:200]}
        append(connection, {**entry, "details": _written({**details, **told(found)})})

    async def page(
        self, where: AuditFilter, *, before: int | None = None, limit: int = 50
    ) -> list[AuditView]:
        """Newest first, older than the entry `before`."""
        query = select(AuditEntry).where(*_conditions(where)).order_by(AuditEntry.seq.desc())
        if before is not None:
            query = query.where(AuditEntry.seq < before)
        return [_view(row) for row in await self._uow.session.scalars(query.limit(limit))]

    async def head(self) -> Anchor | None:
        """Where the log ends, as it is kept apart."""
        return await self._uow.read(head_of)

    async def verify(self, anchors: Sequence[Anchor] = ()) -> Verdict:
        """Examine the whole chain."""
        return await self._uow.read(partial(verify, anchors=anchors))

    async def actions(self, shops: Collection[ShopId]) -> list[str]:
        """Every action that was ever written down in these shops, by name."""
        query = select(AuditEntry.action).where(AuditEntry.shop_id.in_(shops)).distinct()
        return sorted(await self._uow.session.scalars(query))


def _conditions(where: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [AuditEntry.shop_id.in_(where.shops)]
    if where.actor is not None:
        conditions.append(AuditEntry.actor == where.actor if where.actor else AuditEntry.actor.is_(None))
    if where.action:
        conditions.append(AuditEntry.action.contains(where.action, autoescape=True))
    if where.subject:
        told_of = AuditEntry.details.contains(where.subject, autoescape=True)
        conditions.append(or_(AuditEntry.subject.contains(where.subject, autoescape=True), told_of))
    if where.since is not None:
        conditions.append(AuditEntry.at >= where.since)
    if where.until is not None:
        conditions.append(AuditEntry.at < where.until)
    if where.only_refused:
        conditions.append(AuditEntry.outcome.in_(("refused", "missing", "failed")))
    return conditions


def _view(row: AuditEntry) -> AuditView:
    return AuditView(
        id=row.id, seq=row.seq, at=row.at, shop_id=ShopId(row.shop_id), actor=row.actor, action=row.action,
        outcome=row.outcome, subject=row.subject, address=row.address, request_id=row.request_id,
        details=_read(row.details), hash=row.hash,
    )  # fmt: skip


def _written(details: Mapping[str, object]) -> str:
    """As JSON; of what is too long only how much it was."""
    if not details:
        return ""
    text = json.dumps(details, ensure_ascii=False, default=str)
    if len(text) <= LONGEST_DETAILS:
        return _storable(text)
    changes = details.get("changes")
    count = len(changes) if isinstance(changes, Sequence) else 0
    return json.dumps({"cut": True, "changed_rows": count})


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {"text": text}
    return found if isinstance(found, dict) else {"text": text}


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
