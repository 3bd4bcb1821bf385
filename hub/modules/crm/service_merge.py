"""Two records of one client become one, and two again. Nothing is lost: the record that goes stays as it was,
hidden, and leads to the one that lives on. Never commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.events.crm import ClientNumberReleased, ClientPhoneAdded, ClientsMerged, ClientsUnmerged
from hub.kernel.clients import Move
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.cursors import unknown_place
from hub.kernel.storage.orm import new_id
from hub.modules.crm.models import Client, Learned, Merge, Ownership, Phone, Role
from hub.modules.crm.rules_merge import apart, as_json, from_json, merged_entry
from hub.modules.crm.service import ClientService, entry_of
from hub.modules.crm.service_history import HistoryService
from hub.modules.crm.views import ClientView, MergePage, MergeView

_CURSOR = re.compile(r"[0-9a-z]{26}")
_LONGEST_REASON = 200


class MergeService:
    """Merging and undoing it."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._clock = deps.clock
        self._clients = ClientService(uow, deps)
        self._history = HistoryService(uow, deps)

    async def merge(self, from_id: str, into_id: str, reason: str) -> ClientView:
        """`from_id` leads to `into_id` from now on. Raises NotFound, Conflict, Invalid."""
        await self._uow.take_turn("crm.merge")
        gone, kept = await self._clients.one(from_id), await self._clients.one(into_id)
        if gone.id == kept.id:
            raise Conflict("crm.one_already", "These two are one record already.")
        if len(reason) > _LONGEST_REASON:
            raise Invalid(
                "crm.invalid", "Some fields need another look.", fields={"reason": "This is too long."}
            )
        before = entry_of(kept)
        keys = [await self._keys(one.id) for one in (gone, kept)]
        merged = await self._clients.change(
            kept.id, kept.rev, merged_entry(before, entry_of(gone)), what="merged"
        )
        await self._hide(gone, kept.id)
        moved: dict[str, Any] = {"crm": await self._move_own(gone.id, kept.id)}
        move = Move(from_id=gone.id, into_id=kept.id, shared=frozenset(keys[0] & keys[1]))
        for name, records in self._deps.clients.items():
            moved[name] = await records.move(self._uow, self._deps, move)
        self._uow.session.add(
            Merge(
                id=new_id(self._clock), from_id=gone.id, into_id=kept.id, reason=reason, at=self._clock.now(),
                actor=self._uow.actor, was_archived=gone.is_archived, before=as_json(before),
                after=as_json(entry_of(merged)), moved=moved,
            )
        )  # fmt: skip
        self._uow.publish(ClientsMerged(client_id=gone.id, into_client_id=kept.id))
        for key in sorted(keys[0]):
            self._uow.publish(ClientPhoneAdded(client_id=kept.id, number=key))
        await self._uow.session.flush()
        self._uow.session.expire_all()
        return await self._clients.one(kept.id)

    async def undo(self, merge_id: str) -> ClientView:
        """They are two again; what was added to the kept one since stays there. Gives the one that came
        back. Raises NotFound, Conflict."""
        await self._uow.take_turn("crm.merge")
        row = await self._uow.session.get(Merge, merge_id) if "\x00" not in merge_id else None
        if row is None:
            raise NotFound("crm.merge_unknown", "There is no such merging.")
        kept = await self._uow.session.get(Client, row.into_id)
        gone = await self._uow.session.get(Client, row.from_id)
        if row.undone_at is not None or gone is None or kept is None or gone.merged_into != row.into_id:
            raise Conflict("crm.merge_undone", "This merging was undone already.")
        if kept.merged_into is not None:
            raise Conflict(
                "crm.merge_later", "The record was merged into another one since.",
                "Undo the later merging first.",
            )  # fmt: skip
        from_id = row.from_id
        await self._bring_back(row)
        return await self._clients.one(from_id)

    async def _bring_back(self, row: Merge) -> None:
        from_id, into_id, moved = row.from_id, row.into_id, dict(row.moved)
        before, after = from_json(row.before), from_json(row.after)
        row.undone_at, row.undone_by = self._clock.now(), self._uow.actor
        await self._uow.session.execute(
            update(Client).where(Client.id == from_id)
            .values(
                merged_into=None, is_archived=row.was_archived, rev=Client.rev + 1,
                updated_at=self._clock.now(),
            )
        )  # fmt: skip
        now = await self._clients.one(into_id)
        entry = apart(entry_of(now), before, after)
        await self._clients.change(into_id, now.rev, entry, what="unmerged")
        gone_keys, kept_keys = await self._keys(from_id), await self._keys(into_id)
        await self._put_back_own(from_id, into_id, moved.get("crm", {}))
        move = Move(from_id=from_id, into_id=into_id, shared=frozenset(gone_keys & kept_keys))
        for name, records in self._deps.clients.items():
            await records.put_back(self._uow, self._deps, move, moved.get(name, {}))
        for key in sorted(gone_keys - kept_keys):
            self._uow.publish(ClientNumberReleased(client_id=into_id, number=key))
        self._uow.publish(ClientsUnmerged(client_id=from_id, from_client_id=into_id))
        await self._history.note("client", from_id, "unmerged", {})
        self._uow.hint("client", from_id, 0)
        self._uow.session.expire_all()

    async def recent(self, *, cursor: str | None, limit: int) -> MergePage:
        """Newest first. Raises Invalid for a cursor that is not ours."""
        if cursor is not None and _CURSOR.fullmatch(cursor) is None:
            raise unknown_place()
        query = select(Merge)
        if cursor is not None:
            query = query.where(Merge.id < cursor)
        rows = (await self._uow.session.scalars(query.order_by(Merge.id.desc()).limit(limit + 1))).all()
        items = tuple(_view(row) for row in rows[:limit])
        return MergePage(items=items, next=items[-1].id if len(rows) > limit else None)

    async def name_of(self, client_id: str) -> str:
        """What a record that was merged was called itself."""
        name = await self._uow.session.scalar(select(Client.name).where(Client.id == client_id))
        return name or client_id[-6:]

    async def into(self, client_id: str) -> Sequence[MergeView]:
        """What was merged into this one and not undone, newest first."""
        query = select(Merge).where(Merge.into_id == client_id, Merge.undone_at.is_(None))
        rows = await self._uow.session.scalars(query.order_by(Merge.id.desc()).limit(20))
        return [_view(row) for row in rows.all()]

    async def _hide(self, gone: ClientView, into_id: str) -> None:
        taken = await self._uow.session.execute(
            update(Client).where(Client.id == gone.id, Client.rev == gone.rev)
            .values(merged_into=into_id, is_archived=True, rev=gone.rev + 1, updated_at=self._clock.now())
            .returning(Client.id)
        )  # fmt: skip
        if taken.first() is None:
            raise Conflict(
                "crm.client_changed", "Somebody else has changed this client meanwhile.",
                "Look at the present state and enter your change again.",
            )  # fmt: skip
        await self._history.note("client", gone.id, "merged", {"merged": ["", f"client:{into_id}"]})
        self._uow.hint("client", gone.id, gone.rev + 1)

    async def _keys(self, client_id: str) -> set[str]:
        query = select(Phone.key).where(Phone.client_id == client_id, Phone.key.is_not(None))
        return {key for key in (await self._uow.session.scalars(query)).all() if key is not None}

    async def _move_own(self, from_id: str, into_id: str) -> dict[str, Any]:
        """Cars, roles and learnt numbers; roles that would be of somebody to himself, or twice, go."""
        session = self._uow.session
        cars = update(Ownership).where(Ownership.client_id == from_id).values(client_id=into_id)
        moved: dict[str, Any] = {
            "ownerships": list((await session.scalars(cars.returning(Ownership.id))).all()),
            "learned": [],
            "roles": [],
            "dropped": [],
        }
        learned = update(Learned).where(Learned.client_id == from_id).values(client_id=into_id)
        moved["learned"] = list((await session.scalars(learned.returning(Learned.key))).all())
        about = or_(Role.client_id.in_([from_id, into_id]), Role.of_client_id.in_([from_id, into_id]))
        seen: set[tuple[Any, ...]] = set()
        rows = list((await session.scalars(select(Role).where(about).order_by(Role.id))).all())
        rows.sort(key=lambda row: from_id in (row.client_id, row.of_client_id))
        for row in rows:
            was = (row.client_id, row.of_client_id)
            ends = tuple(into_id if one == from_id else one for one in was)
            mark = (row.role, *ends, row.vehicle_id)
            if ends[0] == ends[1] or (mark in seen and from_id in was):
                moved["dropped"].append(_stored(row))
                await session.delete(row)
            elif from_id in was:
                moved["roles"].append([row.id, *was])
                row.client_id, row.of_client_id = into_id if was[0] == from_id else was[0], ends[1]
            seen.add(mark)
        await session.flush()
        return moved

    async def _put_back_own(self, from_id: str, into_id: str, own: dict[str, Any]) -> None:
        session = self._uow.session
        await session.execute(
            update(Ownership).where(Ownership.id.in_(own["ownerships"]), Ownership.client_id == into_id)
            .values(client_id=from_id)
        )  # fmt: skip
        await session.execute(
            update(Learned).where(Learned.key.in_(own["learned"]), Learned.client_id == into_id)
            .values(client_id=from_id)
        )  # fmt: skip
        for role_id, client_id, of_client_id in own["roles"]:
            await session.execute(
                update(Role).where(Role.id == role_id)
                .values(client_id=client_id, of_client_id=of_client_id)
            )  # fmt: skip
        for stored in own["dropped"]:
            ends = {stored["client_id"], stored["of_client_id"]} - {None}
            query = select(func.count()).select_from(Client).where(Client.id.in_(ends))
            if (await session.scalar(query)) == len(ends):
                await session.execute(delete(Role).where(Role.id == stored["id"]))
                session.add(Role(**stored, created_at=self._clock.now()))
        await session.flush()


def _stored(row: Role) -> dict[str, Any]:
    return {
        "id": row.id, "role": row.role, "client_id": row.client_id, "of_client_id": row.of_client_id,
        "vehicle_id": row.vehicle_id, "note": row.note,
    }  # fmt: skip


def _view(row: Merge) -> MergeView:
    return MergeView(
        id=row.id, from_id=row.from_id, into_id=row.into_id, reason=row.reason, at=row.at, actor=row.actor,
        undone_at=row.undone_at, undone_by=row.undone_by,
    )  # fmt: skip
