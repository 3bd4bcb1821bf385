"""Staying signed in: a person's browsers, who a cookie belongs to, and when that ends."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import and_, delete, select, update

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.kernel.storage.prepared import PreparedIn
from hub.kernel.web import Viewer
from hub.modules.access.models import (
    Device,
    Extension,
    Factor,
    Membership,
    Option,
    Person,
    Role,
    Session,
    Shop,
)
from hub.modules.access.rules import new_secret, secret_hash
from hub.modules.access.service_people import person_view
from hub.modules.access.service_roles import FACTOR_ROLES, rights_of
from hub.modules.access.views import SessionView, SignedIn
from hub.values import ShopId

Detour = Literal["", "password", "second_factor"]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who showed a good cookie or token. `stamp` changes when what they may do changes;
    `detour` is what must be done before anything else."""

    viewer: Viewer
    stamp: str
    seen_at: datetime | None
    must_change_password: bool = False
    detour: Detour = ""


class SessionService:
    """Commands and queries on sessions."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def open(self, person_id: str, *, address: str, agent: str, needs_device: bool) -> SignedIn:
        """A new session (and device) for a person who proved who he is."""
        person = await self._uow.session.get_one(Person, person_id)
        now, token, device = self._deps.clock.now(), new_secret(), None
        self._uow.session.add(
            Session(
                id=new_id(self._deps.clock), person_id=person.id, token_hash=secret_hash(token),
                created_at=now, seen_at=now, address=address, agent=agent[:200],
                expires_at=now + timedelta(hours=self._deps.settings.login.longest_hours),
            )
        )  # fmt: skip
        if needs_device:
            device = new_secret()
            self._uow.session.add(Device(token_hash=secret_hash(device), person_id=person.id, created_at=now))
        await self._uow.session.flush()
        view = person_view(person, await self._extensions(person.id))
        return SignedIn(person=view, token=token, device=device, must_change=person.password_is_one_time)

    async def known(self, token: str) -> Known | None:
        """Who a session cookie belongs to: not revoked, not idle for too long, the person active."""
        now, login = self._deps.clock.now(), self._deps.settings.login
        query = (
            select(Session, Person, Shop.language, Role, Factor.confirmed_at, Option.value)
            .join(Person, Person.id == Session.person_id)
            .join(Shop, Shop.id == Person.shop_id)
            .outerjoin(Role, Role.id == Person.role)
            .outerjoin(Factor, and_(Factor.person_id == Person.id, Factor.confirmed_at.is_not(None)))
            .outerjoin(Option, Option.name == FACTOR_ROLES)
            .where(
                Session.token_hash == secret_hash(token), Session.revoked_at.is_(None), Person.is_active,
                Session.expires_at > now, Session.seen_at > now - timedelta(hours=login.idle_hours),
                Person.login.is_not(None),
            )
        )  # fmt: skip
        row = (await self._uow.session.execute(query)).first()
        if row is None:
            return None
        session, person, shop_language, role, factor_since, factor_roles = row
        viewer = await self._viewer(person, shop_language, role, session.id)
        must_enrol = _must_enrol(person, factor_since, factor_roles)
        return Known(
            viewer, _stamp(person.rev, role.rev if role is not None else 0), session.seen_at,
            person.password_is_one_time, self._detour(person, must_enrol=must_enrol),
        )  # fmt: skip

    async def detour_of(self, person_id: str) -> Detour:
        """What this person must do before anything else, also before they count as a second person."""
        query = (
            select(Person, Factor.confirmed_at, Option.value)
            .outerjoin(Factor, and_(Factor.person_id == Person.id, Factor.confirmed_at.is_not(None)))
            .outerjoin(Option, Option.name == FACTOR_ROLES)
            .where(Person.id == person_id)
        )
        person, since, factor_roles = (await self._uow.session.execute(query)).one()
        return self._detour(person, must_enrol=_must_enrol(person, since, factor_roles))

    async def viewer_of(self, person_id: str) -> Viewer | None:
        """What a person may do now, for whoever acts by another way than a browser; None for somebody who
        works here no more, or may not sign in."""
        query = (
            select(Person, Shop.language, Role)
            .join(Shop, Shop.id == Person.shop_id)
            .outerjoin(Role, Role.id == Person.role)
            .where(Person.id == person_id, Person.is_active, Person.login.is_not(None))
        )
        row = (await self._uow.session.execute(query)).first()
        return await self._viewer(*row) if row is not None else None

    async def _viewer(
        self, person: Person, shop_language: str, role: Role | None, session_id: str | None = None
    ) -> Viewer:
        rights, own = rights_of(person.role, role, self._deps.grants), await self.shops_of(person)
        return Viewer(
            kind="person", id=person.id, name=person.name, role=person.role, rights=rights,
            shop_id=ShopId(person.shop_id), shop_ids=await self.reached(own, rights.values()), own_shops=own,
            language=person.language or shop_language, mobile=person.mobile, session_id=session_id,
            extensions=tuple(await self._extensions(person.id)),
        )  # fmt: skip

    async def reached(self, own: frozenset[ShopId], reaches: Collection[str]) -> frozenset[ShopId]:
        """The shops that somebody sees: every one if a right of theirs reaches that far."""
        if "all" not in reaches:
            return own
        return frozenset(map(ShopId, await self._uow.session.scalars(select(Shop.id))))

    async def shops_of(self, person: Person) -> frozenset[ShopId]:
        """The shops that a person works in."""
        query = select(Membership.shop_id).where(Membership.person_id == person.id)
        return frozenset(map(ShopId, [person.shop_id, *await self._uow.session.scalars(query)]))

    async def touch(self, session_id: str) -> None:
        """The person is still there."""
        now = self._deps.clock.now()
        await self._uow.session.execute(update(Session).where(Session.id == session_id).values(seen_at=now))

    async def stamps(self, session_ids: Collection[str]) -> dict[str, str]:
        """The present stamp of those sessions that are still good."""
        rows = await self._uow.glance(lambda connection: _STAMPS.all(connection, session_ids))
        now = self._deps.clock.now()
        return {row.id: _stamp(row.rev, row.role_rev or 0) for row in rows if row.expires_at > now}

    async def end(self, token: str) -> None:
        """Sign out; an unknown token is none of our business."""
        query = select(Session).where(Session.token_hash == secret_hash(token), Session.revoked_at.is_(None))
        session = await self._uow.session.scalar(query)
        if session is not None:
            session.revoked_at = self._deps.clock.now()
            self._uow.hint("access", session.person_id, 0)

    async def end_one(self, person_id: str, session_id: str) -> None:
        """Sign one of a person's browsers out."""
        await self._end(Session.person_id == person_id, Session.id == session_id, person_id=person_id)

    async def end_others(self, person_id: str, but: str | None = None) -> int:
        """Sign a person out everywhere, but for one session; how many that were."""
        spared = [Session.id != but] if but else []
        return await self._end(Session.person_id == person_id, *spared, person_id=person_id)

    async def of(self, person_id: str) -> list[SessionView]:
        """A person's browsers that are signed in, the latest first."""
        now, login = self._deps.clock.now(), self._deps.settings.login
        query = select(Session).where(
            Session.person_id == person_id, Session.revoked_at.is_(None), Session.expires_at > now,
            Session.seen_at > now - timedelta(hours=login.idle_hours),
        )  # fmt: skip
        return [
            SessionView(
                id=row.id, person_id=row.person_id, created_at=row.created_at, seen_at=row.seen_at,
                address=row.address, agent=row.agent,
            )
            for row in await self._uow.session.scalars(query.order_by(Session.seen_at.desc()))
        ]  # fmt: skip

    async def forget_old(self) -> None:
        """Drop sessions that ended a month ago."""
        month = self._deps.clock.now() - timedelta(days=30)
        await self._uow.session.execute(delete(Session).where(Session.expires_at < month))

    async def _end(self, *which: object, person_id: str) -> int:
        query = select(Session).where(*which, Session.revoked_at.is_(None))  # type: ignore[arg-type]  # column conditions, whose types SQLAlchemy spells in many ways
        found = (await self._uow.session.scalars(query)).all()
        for session in found:
            session.revoked_at = self._deps.clock.now()
        if found:
            self._uow.hint("access", person_id, 0)
        return len(found)

    def _detour(self, person: Person, *, must_enrol: bool) -> Detour:
        change_by = person.password_change_by
        if person.password_is_one_time and change_by is not None and change_by <= self._deps.clock.now():
            return "password"
        return "second_factor" if must_enrol else ""

    async def _extensions(self, person_id: str) -> list[str]:
        query = select(Extension.extension).where(Extension.person_id == person_id)
        return list(await self._uow.session.scalars(query.order_by(Extension.extension)))


_STAMPS = PreparedIn(
    lambda ids: (
        select(Session.id, Session.expires_at, Person.rev, Role.rev.label("role_rev"))
        .join(Person, Person.id == Session.person_id)
        .outerjoin(Role, Role.id == Person.role)
        .where(Session.id.in_(ids), Session.revoked_at.is_(None), Person.is_active)
    )
)
"""Asked for every second while anybody listens on /live."""


def _must_enrol(person: Person, factor_since: datetime | None, factor_roles: str | None) -> bool:
    return factor_since is None and person.role in json.loads(factor_roles or "[]")


def _stamp(person_rev: int, role_rev: int) -> str:
    return f"{person_rev}.{role_rev}"
