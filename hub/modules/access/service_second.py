"""The second person: what one must not do alone is confirmed by somebody else who may do it too; where
there is nobody else, the owner types his own password again. Every confirmation is audited."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select

from hub.errors import NotAllowed
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.web import Viewer
from hub.modules.access.models import Membership, Person, Role
from hub.modules.access.service_roles import rights_of
from hub.values import ShopId

Kind = Literal["somebody_else", "own_password"]


class SecondService:
    """Who may confirm what `viewer` is about to do. The web admin asks on behalf of every route that has
    a `second` (hub.kernel.web.Route); nobody else needs to."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def kind(self, viewer: Viewer, right: str) -> Kind:
        """Whether somebody else is needed. Raises NotAllowed for programs."""
        if viewer.kind != "person":
            raise NotAllowed("access.person_needed", "Only a person can do this.", "Sign in and do it there.")
        return "somebody_else" if await self.others(viewer, right) else "own_password"

    async def others(self, viewer: Viewer, right: str) -> frozenset[str]:
        """The other people who hold the right in the viewer's shop and can sign in."""
        return await self.others_than(viewer.id, viewer.shop_id, right)

    async def others_than(self, person_id: str, shop_id: ShopId, right: str) -> frozenset[str]:
        """The people but this one who hold the right in the shop and can sign in."""
        query = (
            select(Person, Role)
            .outerjoin(Role, Role.id == Person.role)
            .where(Person.is_active, Person.password_hash.is_not(None), Person.id != person_id)
        )
        found: set[str] = set()
        for person, role in await self._uow.session.execute(query):
            reach = rights_of(person.role, role, self._deps.grants).get(right)
            if reach == "all" or (reach == "shop" and await self._works_in(person, shop_id)):
                found.add(person.id)
        return frozenset(found)

    async def _works_in(self, person: Person, shop_id: ShopId) -> bool:
        if person.shop_id == shop_id:
            return True
        return await self._uow.session.get(Membership, (person.id, shop_id)) is not None
