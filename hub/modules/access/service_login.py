"""Signing in: a try is counted, looked at outside of any transaction, then it opens a session."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.models import Challenge, Device, Factor, Person
from hub.modules.access.passwords import hash_of_nobody
from hub.modules.access.rules import ONE_TIME_DAYS, new_secret, secret_hash
from hub.modules.access.service_brakes import BrakeService
from hub.modules.access.service_sessions import SessionService
from hub.modules.access.views import LoginAttempt, Refusal, SignedIn

CHALLENGE_MINUTES = 5


class LoginService:
    """Commands of signing in."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._brakes = BrakeService(uow, deps)
        self._sessions = SessionService(uow, deps)

    async def begin(self, login: str, address: str, device: str | None) -> LoginAttempt | Refusal:
        """Count the try before the password is looked at. For an unknown log-in everything is done just
        the same, so that nobody can tell."""
        name = login.strip().casefold()[:64]
        query = (
            select(Person, Factor.confirmed_at)
            .outerjoin(Factor, Factor.person_id == Person.id)
            .where(Person.login == name, Person.is_active)
        )
        person, confirmed_at = (await self._uow.session.execute(query)).first() or (None, None)
        device_hash = await self.device_of(device, person.id if person is not None else "")
        counted = await self._brakes.count_login(name, address, device_hash)
        if isinstance(counted, Refusal):
            return counted
        return LoginAttempt(
            try_id=counted,
            person_id=person.id if person is not None else None,
            password_hash=(person.password_hash if person is not None else None) or hash_of_nobody(),
            is_expired=person is not None and self._is_expired(person),
            has_factor=confirmed_at is not None,
            is_known_device=device_hash is not None,
        )

    async def succeed(
        self, attempt: LoginAttempt, *, address: str, agent: str, old: str | None, new_hash: str | None = None
    ) -> SignedIn | None:
        """Password (and code) were right: a new session, the old one of this browser ends. `new_hash`
        takes the place of one that was made with outdated parameters. None when the account was blocked
        or changed in between."""
        person = await self._uow.session.get(Person, attempt.person_id or "")
        if person is None or not person.is_active or person.password_hash != attempt.password_hash:
            return None
        await self._brakes.forgive(attempt.try_id)
        if new_hash is not None:
            person.password_hash = new_hash
        if old is not None:
            await self._sessions.end(old)
        return await self._sessions.open(
            person.id, address=address, agent=agent, needs_device=not attempt.is_known_device
        )

    async def forgive(self, try_id: str) -> None:
        """The password was right: this try does not count against the brakes."""
        await self._brakes.forgive(try_id)

    async def challenge(self, attempt: LoginAttempt) -> str:
        """The password was right, the code is still to come: a token for the browser, good for minutes."""
        token, now = new_secret(), self._deps.clock.now()
        self._uow.session.add(
            Challenge(
                token_hash=secret_hash(token), person_id=attempt.person_id or "",
                password_hash=attempt.password_hash, expires_at=now + timedelta(minutes=CHALLENGE_MINUTES),
            )
        )  # fmt: skip
        await self._brakes.forgive(attempt.try_id)
        return token

    async def resume(self, token: str, device: str | None) -> LoginAttempt | None:
        """The try that a challenge stands for; None when it is over."""
        row = await self._uow.session.get(Challenge, secret_hash(token))
        if row is None or row.expires_at <= self._deps.clock.now():
            return None
        return LoginAttempt(
            try_id="", person_id=row.person_id, password_hash=row.password_hash, is_expired=False,
            has_factor=True, is_known_device=await self.device_of(device, row.person_id) is not None,
        )  # fmt: skip

    async def close_challenge(self, token: str) -> None:
        """It has been used."""
        query = delete(Challenge).where(Challenge.token_hash == secret_hash(token))
        await self._uow.session.execute(query)

    async def device_of(self, device: str | None, person_id: str) -> str | None:
        """The hash of a device's cookie, if this person has signed in with it before. Asked the same way
        for nobody, which takes the same time."""
        query = select(Device.token_hash).where(
            Device.token_hash == secret_hash(device or ""), Device.person_id == person_id
        )
        found: str | None = await self._uow.session.scalar(query)
        return found

    async def forget_old(self) -> None:
        """Drop tries, challenges and sessions that nothing asks for any more."""
        over = Challenge.expires_at < self._deps.clock.now()
        await self._uow.session.execute(delete(Challenge).where(over))
        await self._brakes.forget_old()
        await self._sessions.forget_old()

    def _is_expired(self, person: Person) -> bool:
        given_at = person.password_set_at
        limit = self._deps.clock.now() - timedelta(days=ONE_TIME_DAYS)
        return person.password_is_one_time and given_at is not None and given_at < limit
