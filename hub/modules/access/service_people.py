"""Employees: who they are, their phones, their log-ins."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, union_all, update
from sqlalchemy.exc import IntegrityError

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.masking import unmasked
from hub.kernel.storage.orm import new_id
from hub.kernel.storage.prepared import Prepared
from hub.kernel.web import Viewer
from hub.modules.access.models import (
    Device,
    Extension,
    Invitation,
    Mark,
    Membership,
    Person,
    Role,
    Session,
    Shop,
)
from hub.modules.access.rules import clean_extension, clean_login, covers
from hub.modules.access.service_roles import RoleService
from hub.modules.access.views import PersonEntry, PersonView
from hub.values import PhoneNumber, ShopId

FIRST_OWNER = "first_owner"
GRACE_HOURS = 24
_NAMES = Prepared(
    union_all(
        select(Extension.extension, Person.name).join(Person).where(Person.is_active),
        select(Person.mobile, Person.name).where(Person.is_active, Person.mobile.is_not(None)),
    )
)


def names_by_extension(connection: Connection) -> dict[str, str]:
    """The active employees' names by extension and mobile (E.164); for what is read on every hint."""
    return {row.extension: row.name for row in _NAMES.all(connection, {})}


_PLACES = Prepared(
    union_all(
        select(Extension.extension, Person.shop_id).join(Person).where(Person.is_active),
        select(Extension.extension, Membership.shop_id)
        .select_from(Extension)
        .join(Person, Person.id == Extension.person_id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.is_active),
    )
)


def shops_by_extension(connection: Connection) -> dict[str, set[ShopId]]:
    """Where the active employees work, by extension; for what phones tell all the time."""
    found: dict[str, set[ShopId]] = {}
    for row in _PLACES.all(connection, {}):
        found.setdefault(row.extension, set()).add(ShopId(row.shop_id))
    return found


class PeopleService:
    """Commands and queries on people. `by` is who asks; None = the console, which may all."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._roles = RoleService(uow, deps)

    async def all(self, shops: Collection[ShopId] | None = None) -> list[PersonView]:
        """Everybody, by name; `shops` None = every shop."""
        query = select(Person).order_by(Person.name, Person.id)
        if shops is not None:
            query = query.where(Person.shop_id.in_(shops))
        return await self._views((await self._uow.session.scalars(query)).all())

    async def since(self, person_ids: Collection[str]) -> dict[str, datetime]:
        """From when on each of them is known to us."""
        query = select(Person.id, Person.created_at).where(Person.id.in_(sorted(set(person_ids))))
        return {row.id: row.created_at for row in await self._uow.session.execute(query)}

    async def first_at(self) -> datetime | None:
        """When the first of all was put in: about then the shop began with us."""
        return (await self._uow.session.scalars(select(func.min(Person.created_at)))).first()

    async def page(
        self, shops: Collection[ShopId] | None, *, before: str | None, limit: int
    ) -> list[PersonView]:
        """Newest first (ids sort by when they were made)."""
        query = select(Person).order_by(Person.id.desc()).limit(limit)
        if shops is not None:
            query = query.where(Person.shop_id.in_(shops))
        if before is not None:
            query = query.where(Person.id < before)
        return await self._views((await self._uow.session.scalars(query)).all())

    async def one(self, person_id: str, shops: Collection[ShopId] | None = None) -> PersonView:
        """Raises NotFound, also for a person of a shop that is not among `shops`."""
        return (await self._views([await self.row(person_id, shops)]))[0]

    async def by_extension(self, extension: str) -> PersonView | None:
        """The active person who has this extension."""
        query = select(Person).join(Extension).where(Extension.extension == extension, Person.is_active)
        views = await self._views((await self._uow.session.scalars(query)).all())
        return views[0] if views else None

    async def create(self, entry: PersonEntry, by: Viewer | None = None) -> PersonView:
        """A new employee. Raises Invalid, NotAllowed, Conflict (extension or mobile in use)."""
        shop = await self._shop(entry.shop_id or self._uow.shop_id, by)
        await self._roles.check_appoint(entry.role, by)
        person = Person(
            id=new_id(self._deps.clock), shop_id=shop.id, created_at=self._deps.clock.now(), rev=1
        )
        await self._write(person, entry, shop)
        self._uow.session.add(person)
        await self._uow.session.flush()
        await self._set_extensions(person, entry.extensions)
        await self._set_shops(person, entry.shops, by)
        self._changed(person)
        return await self.one(person.id)

    async def change(
        self, person_id: str, rev: int | None, entry: PersonEntry, by: Viewer | None = None
    ) -> PersonView:
        """Put `entry` in place of what is there. A role with rights that the old one had not ends the
        person's sessions: new rights begin with a new log-in. Raises NotFound, Invalid, NotAllowed,
        Conflict (also for a stale `rev`)."""
        await self._uow.session.get(Person, person_id, with_for_update=True, populate_existing=True)
        person = await self.row(person_id, None if by is None else by.shop_ids)
        if rev is not None and rev != person.rev:
            raise Conflict("access.stale", "Somebody else has changed this meanwhile.", "Look at it again.")
        await self._roles.check_appoint(person.role, by)
        await self._roles.check_appoint(entry.role, by)
        if person.role == "owner" and (entry.role != "owner" or not entry.is_active):
            await self._not_last_owner(person.id)
        shop = await self._shop(entry.shop_id or ShopId(person.shop_id), by)
        gains = await self._gains(person.role, entry.role)
        person.shop_id = shop.id
        person.rev += 1
        mobile = unmasked(entry.mobile or "", [person.mobile or ""]) or None
        await self._write(person, replace(entry, mobile=mobile), shop)
        await self._set_extensions(person, entry.extensions)
        await self._set_shops(person, entry.shops, by)
        if not person.is_active or gains:
            await self._end_sessions(person.id)
        self._changed(person)
        return await self.one(person.id)

    async def set_login(
        self, person_id: str, login: str, password_hash: str, *, is_one_time: bool, by: Viewer | None = None
    ) -> PersonView:
        """Let a person sign in by this name and password; every session and link of theirs ends. A one-time
        password that somebody else gave is to be changed before anything else; one from the console,
        where everything is open anyway, within a day.
        Raises NotFound, Invalid, NotAllowed, Conflict (log-in in use)."""
        person = await self.row(person_id, None if by is None else by.shop_ids)
        if by is None or by.id != person_id:
            await self._roles.check_appoint(person.role, by)
        name = clean_login(login)
        if name is None:
            text = "Letters, digits and . @ + - _ only."
            raise Invalid("access.login_invalid", "This log-in cannot be used.", fields={"login": text})
        taken = await self._uow.session.scalar(
            select(Person.id).where(Person.login == name, Person.id != person_id)
        )
        if taken is not None:
            raise Conflict("access.login_taken", "This log-in is in use.", "Choose another one.")
        person.login, person.password_hash = name, password_hash
        now = self._deps.clock.now()
        person.password_is_one_time, person.password_set_at = is_one_time, now
        grace = timedelta(0) if by is not None else timedelta(hours=GRACE_HOURS)
        person.password_change_by = now + grace if is_one_time else None
        person.rev += 1
        await self._end_sessions(person.id)
        await self._end_invitations(person.id)
        await self._uow.session.execute(delete(Device).where(Device.person_id == person.id))
        self._changed(person)
        return await self.one(person.id)

    async def set_language(self, person_id: str, language: str) -> None:
        """Remember the language that a person chose."""
        person = await self.row(person_id, None)
        person.language = language
        person.rev += 1
        self._changed(person)

    async def is_unclaimed(self) -> bool:
        """Whether nobody can sign in yet, so that the set-up page is open."""
        found = await self._uow.session.scalar(select(Person.id).where(Person.login.is_not(None)).limit(1))
        return found is None and await self._uow.session.get(Mark, FIRST_OWNER) is None

    async def make_first_owner(self, name: str, login: str, password_hash: str) -> PersonView:
        """The one-time set-up. Raises Conflict when somebody was faster."""
        if not await self.is_unclaimed():
            raise _claimed()
        self._uow.session.add(Mark(name=FIRST_OWNER, at=self._deps.clock.now()))
        try:
            await self._uow.session.flush()
        except IntegrityError as error:
            raise _claimed() from error
        person = await self.create(PersonEntry(name=name, role="owner"))
        return await self.set_login(person.id, login, password_hash, is_one_time=False)

    async def row(self, person_id: str, shops: Collection[ShopId] | None) -> Person:
        """The row, for services of this module only. Raises NotFound."""
        person = await self._uow.session.get(Person, person_id)
        if person is None or (shops is not None and person.shop_id not in shops):
            raise NotFound("access.person_unknown", "There is no such employee.")
        return person

    async def _views(self, people: Sequence[Person]) -> list[PersonView]:
        ids = [person.id for person in people]
        phones = select(Extension).where(Extension.person_id.in_(ids)).order_by(Extension.extension)
        extensions: dict[str, list[str]] = {}
        for row in await self._uow.session.scalars(phones):
            extensions.setdefault(row.person_id, []).append(row.extension)
        memberships = select(Membership).where(Membership.person_id.in_(ids)).order_by(Membership.shop_id)
        shops: dict[str, list[ShopId]] = {}
        for one in await self._uow.session.scalars(memberships):
            shops.setdefault(one.person_id, []).append(ShopId(one.shop_id))
        own = select(Role.id, Role.name).where(Role.id.in_({person.role for person in people}))
        names = {row.id: row.name for row in await self._uow.session.execute(own)}
        return [
            person_view(
                person, extensions.get(person.id, []), names.get(person.role, ""), shops.get(person.id, [])
            )
            for person in people
        ]

    async def _write(self, person: Person, entry: PersonEntry, shop: Shop) -> None:
        fields: dict[str, str] = {}
        name = " ".join(entry.name.split())
        if not 0 < len(name) <= 200:
            fields["name"] = "Give a name of up to 200 characters."
        if await self._roles.find(entry.role) is None:
            fields["role"] = "There is no such role."
        mobile = PhoneNumber.parse(entry.mobile, shop.country) if entry.mobile else None
        if entry.mobile and mobile is None:
            fields["mobile"] = "This is not a phone number."
        if entry.language not in (None, "en", "ru", "uk"):
            fields["language"] = "One of en, ru, uk."
        if fields:
            raise Invalid("access.person_invalid", "Some fields need a look.", fields=fields)
        person.name, person.role = name, entry.role
        person.is_active, person.language = entry.is_active, entry.language
        person.mobile = str(mobile) if mobile else None
        if mobile is not None and entry.is_active:
            await self._mobile_is_free(str(mobile), person.id)

    async def _mobile_is_free(self, mobile: str, person_id: str) -> None:
        query = select(Person.name).where(Person.mobile == mobile, Person.is_active, Person.id != person_id)
        owner = await self._uow.session.scalar(query)
        if owner is not None:
            raise Conflict(
                "access.mobile_taken", "This mobile belongs to {name}.", "A mobile is one person's.",
                data={"name": owner},
            )  # fmt: skip

    async def _set_extensions(self, person: Person, wanted: Sequence[str]) -> None:
        names: set[str] = set()
        for text in wanted:
            name = clean_extension(text)
            if name is None:
                wrong = {"extensions": "An extension has letters, digits and . _ - only."}
                raise Invalid("access.extension_invalid", "This extension cannot be used.", fields=wrong)
            names.add(name)
        query = select(Extension, Person.name).join(Person).where(Extension.extension.in_(names))
        for row, owner in (await self._uow.session.execute(query)).all():
            if row.person_id != person.id:
                raise Conflict(
                    "access.extension_taken", "Extension {extension} belongs to {name}.",
                    "Take it from them first, or choose another one.",
                    data={"extension": row.extension, "name": owner},
                )  # fmt: skip
        await self._uow.session.execute(delete(Extension).where(Extension.person_id == person.id))
        self._uow.session.add_all(Extension(extension=name, person_id=person.id) for name in names)
        await self._uow.session.flush()

    async def _end_sessions(self, person_id: str) -> None:
        now = self._deps.clock.now()
        query = select(Session).where(Session.person_id == person_id, Session.revoked_at.is_(None))
        for session in await self._uow.session.scalars(query):
            session.revoked_at = now

    async def _end_invitations(self, person_id: str) -> None:
        open_ones = (
            Invitation.person_id == person_id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None)
        )  # fmt: skip
        ended = update(Invitation).where(*open_ones).values(revoked_at=self._deps.clock.now())
        await self._uow.session.execute(ended)

    async def _set_shops(self, person: Person, wanted: Sequence[ShopId] | None, by: Viewer | None) -> None:
        """Shops that `by` does not see stay as they are."""
        if wanted is None:
            return
        for shop_id in wanted:
            await self._shop(shop_id, by)
        gone = delete(Membership).where(Membership.person_id == person.id)
        if by is not None:
            gone = gone.where(Membership.shop_id.in_(by.shop_ids))
        await self._uow.session.execute(gone)
        further = {shop_id for shop_id in wanted if shop_id != person.shop_id}
        self._uow.session.add_all(Membership(person_id=person.id, shop_id=one) for one in further)
        await self._uow.session.flush()

    async def _gains(self, old: str, new: str) -> bool:
        before, after = await self._roles.find(old), await self._roles.find(new)
        return after is not None and not covers(before.rights if before else {}, after.rights)

    async def _not_last_owner(self, person_id: str) -> None:
        """Every owner's row is held until the end: two who demote each other at the same moment on
        PostgreSQL do it one after the other, and the second one finds nobody left."""
        query = (
            select(Person.id)
            .where(Person.role == "owner", Person.is_active, Person.password_hash.is_not(None))
            .order_by(Person.id)
            .with_for_update()
        )
        owners = set((await self._uow.session.scalars(query)).all())
        if not owners - {person_id}:
            text = "The last owner cannot be taken away."
            raise Conflict("access.last_owner", text, "Make somebody else an owner first.")

    async def _shop(self, shop_id: ShopId, by: Viewer | None) -> Shop:
        shop = await self._uow.session.get(Shop, shop_id)
        if shop is None or (by is not None and shop_id not in by.shop_ids):
            raise NotFound("access.shop_unknown", "There is no such shop.")
        return shop

    def _changed(self, person: Person) -> None:
        self._uow.hint("access", person.id, person.rev)


def person_view(
    person: Person, extensions: Sequence[str], role_name: str = "", shops: Sequence[ShopId] = ()
) -> PersonView:
    """A row as others may see it."""
    return PersonView(
        id=person.id, shop_id=ShopId(person.shop_id), name=person.name, role=person.role,
        role_name=role_name, extensions=tuple(extensions), mobile=person.mobile, is_active=person.is_active,
        login=person.login, language=person.language, rev=person.rev, shops=tuple(shops),
    )  # fmt: skip


def _claimed() -> Conflict:
    return Conflict("access.set_up_done", "Pitline has an owner already.", "Sign in, or ask the owner.")
