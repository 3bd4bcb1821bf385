"""Signing in and staying signed in: brakes, sessions, who a cookie belongs to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, true, update

from hub.errors import TooMany
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.orm import new_id
from hub.kernel.web import Viewer
from hub.modules.access.models import Device, Extension, LoginTry, Person, Session, Shop
from hub.modules.access.passwords import hash_of_nobody
from hub.modules.access.rules import ONE_TIME_DAYS, new_secret, secret_hash
from hub.modules.access.service_people import person_view
from hub.modules.access.views import LoginAttempt, SessionView, SignedIn
from hub.values import ShopId

ACCOUNT_MINUTES = 30
ADDRESS_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who showed a good cookie or token. `stamp` changes when what they may do changes."""

    viewer: Viewer
    stamp: str
    seen_at: datetime | None
    must_change_password: bool = False


class LoginService:
    """Commands and queries on log-ins and sessions."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def begin(self, login: str, address: str, device: str | None) -> LoginAttempt:
        """Count the try before the password is looked at. Raises TooMany when a brake holds; a device
        that this account has used before has a brake of its own, so strangers cannot lock it out."""
        name = login.strip().casefold()[:64]
        person = await self._uow.session.scalar(select(Person).where(Person.login == name, Person.is_active))
        device_hash = secret_hash(device) if device else ""
        is_known = person is not None and await self._is_device_of(device_hash, person.id)
        account = f"device:{device_hash}" if is_known else f"login:{name}"
        await self._uow.take_turn("access.login")
        await self._brakes(account, address, is_known=is_known)
        now = self._deps.clock.now()
        try_id = new_id(self._deps.clock)
        self._uow.session.add(LoginTry(id=try_id, at=now, account=account, address=address, failed=True))
        is_expired = (
            person is not None
            and person.password_is_one_time
            and person.password_set_at is not None
            and person.password_set_at < now - timedelta(days=ONE_TIME_DAYS)
        )
        return LoginAttempt(
            try_id=try_id,
            person_id=person.id if person is not None else None,
            password_hash=(person.password_hash if person is not None else None) or hash_of_nobody(),
            is_expired=is_expired,
        )

    async def succeed(
        self, attempt: LoginAttempt, *, address: str, agent: str, device: str | None, old: str | None
    ) -> SignedIn | None:
        """The password was right: a new session, the old one of this browser ends. None when the
        account was blocked or changed in between."""
        person = await self._uow.session.get(Person, attempt.person_id or "")
        if person is None or not person.is_active or person.password_hash != attempt.password_hash:
            return None
        await self.forgive(attempt.try_id)
        if old is not None:
            await self.end(old)
        is_known = device is not None and await self._is_device_of(secret_hash(device), person.id)
        return await self.open(person.id, address=address, agent=agent, needs_device=not is_known)

    async def forgive(self, try_id: str) -> None:
        """The password was right: this try does not count against the brakes."""
        await self._uow.session.execute(update(LoginTry).where(LoginTry.id == try_id).values(failed=False))

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
            select(Session, Person, Shop.language)
            .join(Person, Person.id == Session.person_id)
            .join(Shop, Shop.id == Person.shop_id)
            .where(
                Session.token_hash == secret_hash(token), Session.revoked_at.is_(None), Person.is_active,
                Session.expires_at > now, Session.seen_at > now - timedelta(hours=login.idle_hours),
                Person.login.is_not(None),
            )
        )  # fmt: skip
        row = (await self._uow.session.execute(query)).first()
        if row is None:
            return None
        session, person, shop_language = row
        rights = dict(self._deps.grants.get(person.role, {}))
        shop_id = ShopId(person.shop_id)
        viewer = Viewer(
            kind="person", id=person.id, name=person.name, role=person.role, rights=rights, shop_id=shop_id,
            shop_ids=await self.shops_of(shop_id, rights.values()),
            language=person.language or shop_language, mobile=person.mobile, session_id=session.id,
            extensions=tuple(await self._extensions(person.id)),
        )  # fmt: skip
        return Known(viewer, str(person.rev), session.seen_at, person.password_is_one_time)

    async def shops_of(self, shop_id: ShopId, reaches: Collection[str]) -> frozenset[ShopId]:
        """The shops that somebody sees: every one if a right of theirs reaches that far."""
        if "all" not in reaches:
            return frozenset({shop_id})
        return frozenset(map(ShopId, await self._uow.session.scalars(select(Shop.id))))

    async def touch(self, session_id: str) -> None:
        """The person is still there."""
        now = self._deps.clock.now()
        await self._uow.session.execute(update(Session).where(Session.id == session_id).values(seen_at=now))

    async def stamps(self, session_ids: Collection[str]) -> dict[str, str]:
        """The present stamp of those sessions that are still good."""
        query = (
            select(Session.id, Person.rev)
            .join(Person, Person.id == Session.person_id)
            .where(
                Session.id.in_(session_ids), Session.revoked_at.is_(None), Person.is_active,
                Session.expires_at > self._deps.clock.now(),
            )
        )  # fmt: skip
        return {row.id: str(row.rev) for row in await self._uow.session.execute(query)}

    async def end(self, token: str) -> None:
        """Sign out; an unknown token is none of our business."""
        query = select(Session).where(Session.token_hash == secret_hash(token), Session.revoked_at.is_(None))
        session = await self._uow.session.scalar(query)
        if session is not None:
            session.revoked_at = self._deps.clock.now()
            self._uow.hint("access", session.person_id, 0)

    async def end_one(self, person_id: str, session_id: str) -> None:
        """Sign one of a person's browsers out."""
        session = await self._uow.session.get(Session, session_id)
        if session is not None and session.person_id == person_id and session.revoked_at is None:
            session.revoked_at = self._deps.clock.now()
            self._uow.hint("access", person_id, 0)

    async def sessions_of(self, person_id: str) -> list[SessionView]:
        """A person's browsers, the latest first."""
        query = select(Session).where(
            Session.person_id == person_id, Session.revoked_at.is_(None),
            Session.expires_at > self._deps.clock.now(),
        )  # fmt: skip
        return [
            SessionView(
                id=row.id, person_id=row.person_id, created_at=row.created_at, seen_at=row.seen_at,
                address=row.address, agent=row.agent,
            )
            for row in await self._uow.session.scalars(query.order_by(Session.seen_at.desc()))
        ]  # fmt: skip

    async def forget_old(self) -> None:
        """Drop tries and sessions that nothing asks for any more."""
        now = self._deps.clock.now()
        day, month = now - timedelta(days=1), now - timedelta(days=30)
        await self._uow.session.execute(delete(LoginTry).where(LoginTry.at < day))
        await self._uow.session.execute(delete(Session).where(Session.expires_at < month))

    async def _is_device_of(self, device_hash: str, person_id: str) -> bool:
        device = await self._uow.session.get(Device, device_hash) if device_hash else None
        return device is not None and device.person_id == person_id

    async def _brakes(self, account: str, address: str, *, is_known: bool) -> None:
        limits = self._deps.settings.login
        await self._brake(LoginTry.account == account, ACCOUNT_MINUTES, limits.per_account)
        if not is_known:
            await self._brake(LoginTry.address == address, ADDRESS_MINUTES, limits.per_address)
            await self._brake(true(), ADDRESS_MINUTES, limits.everybody)

    async def _brake(self, which: ColumnElement[bool], minutes: int, limit: int) -> None:
        since = self._deps.clock.now() - timedelta(minutes=minutes)
        query = select(func.count(), func.min(LoginTry.at)).where(LoginTry.failed, LoginTry.at > since)
        count, oldest = (await self._uow.session.execute(query.where(which))).one()
        if count >= limit:
            wait = (oldest - since).total_seconds() if oldest is not None else minutes * 60.0
            raise TooMany(
                "access.too_many_tries", "Too many tries to sign in.",
                "Wait for {minutes} minutes, or use a browser that you have signed in with before.",
                retry_after=max(1.0, wait),
            )  # fmt: skip

    async def _extensions(self, person_id: str) -> list[str]:
        query = select(Extension.extension).where(Extension.person_id == person_id)
        return list(await self._uow.session.scalars(query.order_by(Extension.extension)))
