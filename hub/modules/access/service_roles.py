"""Roles: the fixed ones, and those that the installation makes by ticking rights."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import func, select

from hub.errors import Conflict, Invalid, NotAllowed, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.manifest import ROLES
from hub.kernel.storage.orm import new_id
from hub.kernel.web import Viewer
from hub.modules.access.models import Option, Person, Role, Token
from hub.modules.access.rules import REACHES, covers, may_appoint, rank_of
from hub.modules.access.views import RoleView

PREFIX = "own:"
FACTOR_ROLES = "login.second_factor_roles"
Grants = Mapping[str, Mapping[str, str]]


class RoleService:
    """Commands and queries on roles. `by` None = the console, which may all."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def all(self) -> list[RoleView]:
        """The fixed ones, highest first, then our own by name."""
        rows = await self._uow.session.scalars(select(Role).where(Role.removed_at.is_(None)))
        own = [role_view(row, self._deps.grants) for row in rows]
        return [self._fixed(name) for name in ROLES] + sorted(own, key=lambda one: one.name.casefold())

    async def find(self, role: str) -> RoleView | None:
        """A role that may be given; None for one that is unknown or removed."""
        if role in self._deps.grants:
            return self._fixed(role)
        row = await self._uow.session.get(Role, role)
        return None if row is None or row.removed_at is not None else role_view(row, self._deps.grants)

    async def one(self, role: str) -> RoleView:
        """Raises NotFound."""
        found = await self.find(role)
        if found is None:
            raise NotFound("access.role_unknown", "There is no such role.")
        return found

    async def appointable(self, by: Viewer) -> list[RoleView]:
        """The roles that somebody may give to others."""
        rank = await self.rank(by.role)
        return [one for one in await self.all() if may_appoint(rank, by.rights, one.rank, one.rights)]

    async def check_appoint(self, role: str, by: Viewer | None) -> None:
        """Raises NotAllowed when `by` may not give this role, nor touch those who have it. A role that is
        there no more gives no rights, so whoever may appoint at all may touch it."""
        if by is None:
            return
        found = await self.find(role)
        rank, rights = (found.rank, found.rights) if found is not None else (len(ROLES), {})
        if not may_appoint(await self.rank(by.role), by.rights, rank, rights):
            raise NotAllowed(
                "access.role_too_high", "You may not give this role, nor change those who have it.",
                "Ask an owner.",
            )  # fmt: skip

    async def rank(self, role: str) -> int:
        """0 is the owner's; an unknown role stands below all."""
        found = await self.find(role)
        return len(ROLES) if found is None else found.rank

    def reaches(self, right: str) -> tuple[str, ...]:
        """How far this right can reach: as far as some fixed role's does, least first."""
        known = {rights[right] for rights in self._deps.grants.values() if right in rights}
        return tuple(reach for reach in REACHES if reach in known)

    async def create(
        self, name: str, base: str, rights: Mapping[str, str], by: Viewer | None = None
    ) -> RoleView:
        """A new role. Raises Invalid, NotAllowed (a right that `by` has not got)."""
        if base not in ROLES:
            raise Invalid("access.role_invalid", "There is no such role.", fields={"base": "Choose one."})
        row = Role(
            id=f"{PREFIX}{new_id(self._deps.clock)}", base=base, rev=1, created_at=self._deps.clock.now()
        )
        await self._write(row, name, rights, by)
        self._uow.session.add(row)
        await self._uow.session.flush()
        return role_view(row, self._deps.grants)

    async def change(
        self, role: str, rev: int | None, name: str, rights: Mapping[str, str], by: Viewer | None = None
    ) -> RoleView:
        """New name and rights; they count at once for everybody who has the role, people and tokens.
        Raises NotFound, Invalid, NotAllowed, Conflict."""
        row = await self._row(role, by)
        if rev is not None and rev != row.rev:
            raise Conflict("access.stale", "Somebody else has changed this meanwhile.", "Look at it again.")
        await self._write(row, name, rights, by)
        row.rev += 1
        self._uow.hint("access", row.id, row.rev)
        await self._uow.session.flush()
        return role_view(row, self._deps.grants)

    async def remove(self, role: str, by: Viewer | None = None) -> None:
        """Nobody can be given it any more. Raises Conflict while somebody has it."""
        row = await self._row(role, by)
        people = (await self.counts()).get(role, 0)
        query = select(func.count()).where(Token.role == role, Token.revoked_at.is_(None))
        tokens = await self._uow.session.scalar(query) or 0
        if people or tokens:
            raise Conflict(
                "access.role_in_use", "This role is still in use: people {people}, tokens {tokens}.",
                "Give them another role first.", data={"people": people, "tokens": tokens},
            )  # fmt: skip
        row.removed_at = self._deps.clock.now()
        row.rev += 1

    async def counts(self) -> dict[str, int]:
        """How many active people have each role."""
        query = select(Person.role, func.count()).where(Person.is_active).group_by(Person.role)
        return dict((await self._uow.session.execute(query)).all())

    async def factor_roles(self) -> frozenset[str]:
        """The roles whose people must sign in with a second factor."""
        row = await self._uow.session.get(Option, FACTOR_ROLES)
        return frozenset(json.loads(row.value)) if row is not None else frozenset()

    def _fixed(self, role: str) -> RoleView:
        return RoleView(id=role, name=role, rights=dict(self._deps.grants[role]), rank=rank_of(role))

    async def _row(self, role: str, by: Viewer | None) -> Role:
        row = await self._uow.session.get(Role, role)
        if row is None or row.removed_at is not None:
            raise NotFound("access.role_unknown", "There is no such role.")
        if by is not None and by.role == role:
            raise NotAllowed("access.own_role", "Nobody changes the role that they have.", "Ask an owner.")
        await self.check_appoint(role, by)
        return row

    async def _write(self, row: Role, name: str, rights: Mapping[str, str], by: Viewer | None) -> None:
        name = " ".join(name.split())
        fields: dict[str, str] = {}
        if not 0 < len(name) <= 100:
            fields["name"] = "Give a name of up to 100 characters."
        elif name.casefold() in {one.name.casefold() for one in await self.all() if one.id != row.id}:
            fields["name"] = "There is a role of this name already."
        if any(reach not in self.reaches(right) for right, reach in rights.items()):
            fields["rights"] = "One of these rights is not known here."
        if fields:
            raise Invalid("access.role_invalid", "Some fields need a look.", fields=fields)
        if by is not None and not covers(by.rights, rights):
            text = "Nobody gives a right that they do not have."
            raise NotAllowed("access.right_not_held", text, "Ask an owner.")
        row.name, row.rights = name, json.dumps(dict(sorted(rights.items())))


def role_view(row: Role, grants: Grants) -> RoleView:
    """A row as others may see it, without rights that no module knows any more."""
    known = {right for rights in grants.values() for right in rights}
    rights = {right: reach for right, reach in json.loads(row.rights).items() if right in known}
    return RoleView(
        id=row.id, name=row.name, rights=rights, rank=rank_of(row.id, row.base), is_own=True, base=row.base,
        rev=row.rev,
    )  # fmt: skip


def rights_of(role: str, row: Role | None, grants: Grants) -> dict[str, str]:
    """What a role may, by the row that was read with it (None for a fixed one)."""
    if role in grants:
        return dict(grants[role])
    return {} if row is None or row.removed_at is not None else role_view(row, grants).rights
