"""Brakes on guessing: tries are counted before they are looked at, so that none outruns the count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import ColumnElement, delete, func, select, true, update

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.models import LoginTry
from hub.modules.access.views import Refusal

ACCOUNT_MINUTES = 30
ADDRESS_MINUTES = 5
CODE_LIMITS = ((5, 5), (20, 60))
"""Wrong codes of the second factor: so many in so many minutes."""
_NOTE = "stop:"


@dataclass(frozen=True, slots=True)
class _Brake:
    """At most `limit` failures of what `which` selects in so many minutes; `key` names it."""

    key: str
    which: ColumnElement[bool]
    limit: int
    minutes: int


class BrakeService:
    """Counts tries and says when it is enough."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def count_login(self, login: str, address: str, device_hash: str | None) -> str | Refusal:
        """Count a try with a password: its id, or that it is refused. A device that the account has used
        before (`device_hash`) has a count of its own, so that strangers cannot lock it out."""
        limits = self._deps.settings.login
        account = f"login:{login}" if device_hash is None else f"device:{device_hash}"
        place = address_group(address)
        brakes = [_Brake(account, LoginTry.account == account, limits.per_account, ACCOUNT_MINUTES)]
        if device_hash is None:
            brakes += [
                _Brake(f"at:{place}", LoginTry.address == place, limits.per_address, ADDRESS_MINUTES),
                _Brake("everybody", true(), limits.everybody, ADDRESS_MINUTES),
            ]
        return await self._count(account, place, brakes)

    async def count_code(self, person_id: str, address: str, device_hash: str | None) -> str | Refusal:
        """Count a try with a code of the second factor, likewise."""
        account = f"code:{person_id}" if device_hash is None else f"code:d:{device_hash}"
        brakes = [
            _Brake(account, LoginTry.account == account, limit, minutes) for limit, minutes in CODE_LIMITS
        ]
        return await self._count(account, address_group(address), brakes)

    async def forgive(self, try_id: str) -> None:
        """It was right: this try counts against nobody."""
        await self._uow.session.execute(update(LoginTry).where(LoginTry.id == try_id).values(failed=False))

    async def forget_old(self) -> None:
        """Drop what no brake looks at any more."""
        day = self._deps.clock.now() - timedelta(days=1)
        await self._uow.session.execute(delete(LoginTry).where(LoginTry.at < day))

    async def _count(self, account: str, place: str, brakes: Sequence[_Brake]) -> str | Refusal:
        await self._uow.take_turn("access.login")
        for brake in brakes:
            wait = await self._wait(brake)
            if wait is not None:
                return Refusal(key=brake.key, retry_after=wait, is_first=await self._is_first(brake, place))
        return await self._add(account, place, failed=True)

    async def _add(self, account: str, place: str, *, failed: bool) -> str:
        try_id = new_id(self._deps.clock)
        self._uow.session.add(
            LoginTry(id=try_id, at=self._deps.clock.now(), account=account, address=place, failed=failed)
        )
        await self._uow.session.flush()
        return try_id

    async def _wait(self, brake: _Brake) -> float | None:
        """Seconds until the brake lets go; None when it does not hold."""
        since = self._deps.clock.now() - timedelta(minutes=brake.minutes)
        query = select(func.count(), func.min(LoginTry.at)).where(LoginTry.failed, LoginTry.at > since)
        count, oldest = (await self._uow.session.execute(query.where(brake.which))).one()
        if count < brake.limit:
            return None
        return max(1.0, (oldest - since).total_seconds()) if oldest is not None else brake.minutes * 60.0

    async def _is_first(self, brake: _Brake, place: str) -> bool:
        """Whether this stop has not been noted yet: one audit row for it, however long it is hammered."""
        key, since = _NOTE + brake.key, self._deps.clock.now() - timedelta(minutes=brake.minutes)
        query = select(LoginTry.id).where(LoginTry.account == key, LoginTry.at > since).limit(1)
        if await self._uow.session.scalar(query) is not None:
            return False
        await self._add(key, place, failed=False)
        return True


def address_group(address: str) -> str:
    """What an address is counted by: IPv6 by its /64, since whoever has one has all of that."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"
