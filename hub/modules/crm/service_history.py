"""What was changed of clients and vehicles, by whom: told by the services that change them. Never commits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.cursors import unknown_place
from hub.kernel.storage.orm import new_id
from hub.modules.crm.models import Change
from hub.modules.crm.views import (
    ChangeKind,
    ChangeView,
    ClientEntry,
    HistoryPage,
    Messenger,
    PhoneEntry,
    Subject,
    VehicleEntry,
)

Entry = ClientEntry | VehicleEntry
_CURSOR = re.compile(r"[0-9a-z]{1,26}")
_UNTOLD = frozenset({"owner_since"})
LONGEST = 500


class HistoryService:
    """The history of one client or vehicle after the other."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock

    async def note(
        self, subject: Subject, subject_id: str, what: ChangeKind, told: Mapping[str, Sequence[Any]]
    ) -> None:
        """Remember a change; one that changed nothing is none."""
        if what == "changed" and not told:
            return
        self._uow.session.add(
            Change(
                id=new_id(self._clock), subject=subject, subject_id=subject_id, what=what,
                at=self._clock.now(), actor=self._uow.actor,
                fields={name: list(pair) for name, pair in told.items()},
            )
        )  # fmt: skip
        await self._uow.session.flush()

    async def of(self, subject_id: str, *, cursor: str | None, limit: int) -> HistoryPage:
        """Newest first. Raises Invalid for a cursor that is not ours."""
        if cursor is not None and _CURSOR.fullmatch(cursor) is None:
            raise unknown_place()
        query = select(Change).where(Change.subject_id == subject_id)
        if cursor is not None:
            query = query.where(Change.id < cursor)
        query = query.order_by(Change.id.desc()).limit(limit + 1)
        rows = (await self._uow.session.scalars(query)).all()
        items = tuple(
            ChangeView(id=row.id, what=row.what, at=row.at, actor=row.actor, fields=dict(row.fields))
            for row in rows[:limit]
        )
        return HistoryPage(items=items, next=items[-1].id if len(rows) > limit else None)


def differences(before: Entry | None, after: Entry) -> dict[str, list[Any]]:
    """Field -> [before, after] as a person reads them; None before = it is new, and only what is
    filled in is told."""
    found: dict[str, list[Any]] = {}
    for one in fields(after):
        if one.name in _UNTOLD:
            continue
        old = _shown(getattr(before, one.name)) if before is not None else None
        new = _shown(getattr(after, one.name))
        is_told = old != new if before is not None else new not in ("", False, None)
        if is_told and one.name == "client_id":
            found["owner"] = [f"client:{one}" if one else "" for one in (old, new)]
        elif is_told:
            found[one.name] = [old, new]
    return found


def _shown(value: Any) -> Any:
    if isinstance(value, tuple):
        return _cut(", ".join(str(_shown(one)) for one in value))
    if isinstance(value, PhoneEntry):
        return f"{value.number} ({value.label})" if value.label else value.number
    if isinstance(value, Messenger):
        return f"{value.kind} {value.address}"
    if value is None or isinstance(value, (bool, int)):
        return "" if value is None else value
    return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
