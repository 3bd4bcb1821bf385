"""Invitations: a one-time link by which an employee chooses log-in and password."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.kernel.web import Viewer
from hub.modules.access.models import Invitation, Person, Role, Shop
from hub.modules.access.rules import may_appoint, new_link_secret, secret_hash
from hub.modules.access.service_people import PeopleService
from hub.modules.access.service_roles import RoleService, rights_of
from hub.modules.access.views import InvitationView, Invited, PersonView


class InvitationService:
    """Commands and queries on invitations. `by` None = the console."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._people = PeopleService(uow, deps)
        self._roles = RoleService(uow, deps)

    async def create(self, person_id: str, by: Viewer | None = None) -> tuple[InvitationView, str]:
        """A link for an employee; its secret is never shown again, and an earlier link opens nothing any
        more. Raises NotFound, NotAllowed (a rank that is not below one's own), Conflict (has left)."""
        person = await self._people.row(person_id, None if by is None else by.shop_ids)
        await self._roles.check_appoint(person.role, by)
        if not person.is_active:
            raise Conflict("access.has_left", "Who has left cannot be invited.", "Tick that they work here.")
        await self.revoke(person_id, by)
        secret, now = new_link_secret(), self._deps.clock.now()
        row = Invitation(
            id=new_id(self._deps.clock), person_id=person.id, token_hash=secret_hash(secret),
            maker_id=None if by is None or by.kind != "person" else by.id, created_at=now,
            expires_at=now + timedelta(hours=self._deps.settings.login.invitation_hours),
        )  # fmt: skip
        self._uow.session.add(row)
        await self._uow.session.flush()
        return _view(row, None if by is None else by.name), secret

    async def open_for(self, people: Collection[str]) -> dict[str, InvitationView]:
        """The links of these people that are still good."""
        query = (
            select(Invitation, Person.name)
            .outerjoin(Person, Person.id == Invitation.maker_id)
            .where(
                Invitation.person_id.in_(people), Invitation.used_at.is_(None),
                Invitation.revoked_at.is_(None), Invitation.expires_at > self._deps.clock.now(),
            )
        )  # fmt: skip
        rows = (await self._uow.session.execute(query)).all()
        return {row.person_id: _view(row, maker) for row, maker in rows}

    async def revoke(self, person_id: str, by: Viewer | None = None) -> None:
        """Every link of an employee opens nothing any more. Raises NotFound, NotAllowed."""
        person = await self._people.row(person_id, None if by is None else by.shop_ids)
        await self._roles.check_appoint(person.role, by)
        await self._uow.session.execute(
            update(Invitation)
            .where(Invitation.person_id == person_id, Invitation.used_at.is_(None))
            .values(revoked_at=self._deps.clock.now())
        )

    async def look(self, secret: str) -> Invited:
        """Whom the link invites; nothing changes by looking. Raises NotFound for one that is no good."""
        row, person, shop = await self._good(secret)
        return Invited(
            invitation_id=row.id, person_id=person.id, name=person.name, login=person.login,
            shop_name=shop.name,
        )  # fmt: skip

    async def accept(self, secret: str, login: str, password_hash: str) -> PersonView:
        """Log-in and password are chosen; the link is used up. Raises NotFound (also when somebody was
        faster), Invalid, Conflict (the log-in is in use)."""
        row, person, _ = await self._good(secret)
        used = (
            update(Invitation)
            .where(Invitation.id == row.id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
            .values(used_at=self._deps.clock.now())
            .returning(Invitation.id)
        )
        if await self._uow.session.scalar(used) is None:
            raise _no_good()
        chosen = person.login or login
        try:
            return await self._people.set_login(person.id, chosen, password_hash, is_one_time=False)
        except Conflict as error:
            raise Invalid(error.code, error.text, fields={"login": error.text}) from error

    async def _good(self, secret: str) -> tuple[Invitation, Person, Shop]:
        query = (
            select(Invitation, Person, Shop)
            .join(Person, Person.id == Invitation.person_id)
            .join(Shop, Shop.id == Person.shop_id)
            .where(
                Invitation.token_hash == secret_hash(secret), Invitation.used_at.is_(None),
                Invitation.revoked_at.is_(None), Invitation.expires_at > self._deps.clock.now(),
                Person.is_active,
            )
        )  # fmt: skip
        found = (await self._uow.session.execute(query)).first()
        if found is None or not await self._maker_still_may(found[0], found[1]):
            raise _no_good()
        return found

    async def _maker_still_may(self, row: Invitation, person: Person) -> bool:
        """A link does nothing that its maker could not do today."""
        if row.maker_id is None:
            return True
        query = select(Person, Role).outerjoin(Role, Role.id == Person.role).where(Person.id == row.maker_id)
        maker, role = (await self._uow.session.execute(query)).one()
        rights = rights_of(maker.role, role, self._deps.grants) if maker.is_active else {}
        given = await self._roles.find(person.role)
        if given is None or "people.edit" not in rights:
            return False
        return may_appoint(await self._roles.rank(maker.role), rights, given.rank, given.rights)


def _view(row: Invitation, maker: str | None) -> InvitationView:
    return InvitationView(
        id=row.id, person_id=row.person_id, created_at=row.created_at, expires_at=row.expires_at, maker=maker
    )


def _no_good() -> NotFound:
    return NotFound(
        "access.link_no_good", "This link is not good any more.", "Ask who sent it to you for a new one."
    )
