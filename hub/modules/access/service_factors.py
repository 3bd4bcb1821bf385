"""Second factors of people: set up, asked for, used once, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, delete, func, select, update

from hub.clock import Clock
from hub.errors import Conflict, Invalid
from hub.kernel.backup.tombstones import lay
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.sealing.seal import Seal, place_of
from hub.kernel.sealing.upkeep import SealedColumn
from hub.modules.access.factors import clean_code, is_of_another_time, new_seed, recovery_number, step_of
from hub.modules.access.models import Factor, Person, RecoveryCode
from hub.modules.access.passwords import hash_of_nobody
from hub.modules.access.rules import secret_hash
from hub.modules.access.service_brakes import BrakeService
from hub.modules.access.views import CodeAttempt, FactorView, Refusal

CODE_STONE = "access.recovery_code"


class FactorService:
    """Commands and queries on second factors."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._seal = deps.seal
        self._brakes = BrakeService(uow, deps)

    async def of(self, person_id: str) -> FactorView:
        """What a person has; the seed only while it waits to be confirmed."""
        row = await self._uow.session.get(Factor, person_id)
        if row is None:
            return FactorView(is_on=False)
        if row.confirmed_at is None:
            return FactorView(is_on=False, seed=self._seal.open(row.secret, _place(person_id)))
        query = select(func.count()).where(
            RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)
        )
        left = await self._uow.session.scalar(query) or 0
        return FactorView(is_on=True, since=row.confirmed_at, codes_left=left)

    async def owners_of(self, people: Sequence[str]) -> frozenset[str]:
        """Those of these people whose second factor is on."""
        query = select(Factor.person_id).where(Factor.person_id.in_(people), Factor.confirmed_at.is_not(None))
        return frozenset(await self._uow.session.scalars(query))

    async def prepare(self, person_id: str) -> None:
        """A new seed to be confirmed; one that waits already is replaced. Raises Conflict when it is on."""
        row = await self._uow.session.get(Factor, person_id)
        now, sealed = self._deps.clock.now(), self._seal.close(new_seed(), _place(person_id))
        if row is None:
            self._uow.session.add(Factor(person_id=person_id, secret=sealed, created_at=now, last_step=0))
        elif row.confirmed_at is None:
            row.secret, row.created_at, row.last_step = sealed, now, 0
        else:
            raise Conflict("access.factor_on", "The second factor is on already.", "Switch it off first.")

    async def confirm(self, person_id: str, code: str, recovery_hashes: Sequence[str]) -> None:
        """The first code is right: from now on it counts, and these are the recovery codes.
        Raises Invalid for a wrong code, Conflict when nothing waits."""
        row = await self._uow.session.get(Factor, person_id)
        if row is None or row.confirmed_at is not None:
            raise Conflict("access.factor_gone", "There is nothing to confirm.", "Begin anew.")
        seed = self._seal.open(row.secret, _place(person_id))
        now, given = self._deps.clock.now(), clean_code(code)
        step = step_of(seed, given, now)
        if step is None:
            text = "This is not the code. Look whether the clock of your phone is right."
            if is_of_another_time(seed, given, now):
                text = "The clocks of your phone and of the computer with Pitline differ: set both right."
            raise Invalid("access.code_wrong", "The code is wrong.", fields={"code": text})
        row.confirmed_at, row.last_step = self._deps.clock.now(), step
        await self.set_recovery(person_id, recovery_hashes)
        await self._changed(person_id)

    async def set_recovery(self, person_id: str, hashes: Sequence[str]) -> None:
        """New recovery codes; the old ones open nothing any more."""
        await self._end_for_good(RecoveryCode.person_id == person_id)
        await self._uow.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
        self._uow.session.add_all(
            RecoveryCode(person_id=person_id, number=number, code_hash=code_hash)
            for number, code_hash in enumerate(hashes)
        )

    async def begin(
        self, person_id: str, text: str, address: str, device_hash: str | None
    ) -> CodeAttempt | Refusal:
        """Count a try with a code before it is looked at."""
        counted = await self._brakes.count_code(person_id, address, device_hash)
        if isinstance(counted, Refusal):
            return counted
        code = clean_code(text)
        number, code_hash = recovery_number(code), None
        if number is not None:
            query = select(RecoveryCode.code_hash).where(
                RecoveryCode.person_id == person_id, RecoveryCode.number == number,
                RecoveryCode.used_at.is_(None),
            )  # fmt: skip
            code_hash = await self._uow.session.scalar(query) or hash_of_nobody()
        return CodeAttempt(try_id=counted, person_id=person_id, code=code, recovery_hash=code_hash)

    async def settle(self, attempt: CodeAttempt, *, recovery_fits: bool) -> bool:
        """Whether the code is right and was never used; it is used now."""
        is_right = await self._use_recovery(attempt) if recovery_fits else await self._use_step(attempt)
        if is_right:
            await self._brakes.forgive(attempt.try_id)
        return is_right

    async def remove(self, person_id: str) -> bool:
        """Switch it off, recovery codes and all; whether there was one."""
        await self._end_for_good(RecoveryCode.person_id == person_id)
        await self._uow.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
        gone = await self._execute(delete(Factor).where(Factor.person_id == person_id))
        await self._changed(person_id)
        return gone

    async def _use_recovery(self, attempt: CodeAttempt) -> bool:
        used = update(RecoveryCode).where(
            RecoveryCode.person_id == attempt.person_id, RecoveryCode.code_hash == attempt.recovery_hash,
            RecoveryCode.used_at.is_(None),
        )  # fmt: skip
        if not await self._execute(used.values(used_at=self._deps.clock.now())):
            return False
        await self._end_for_good(
            RecoveryCode.person_id == attempt.person_id, RecoveryCode.code_hash == attempt.recovery_hash
        )
        return True

    async def _end_for_good(self, *which: ColumnElement[bool]) -> None:
        """These codes open nothing any more, also when an older backup is put back."""
        now = self._deps.clock.now()

        def work(connection: Connection) -> None:
            for code_hash in connection.scalars(select(RecoveryCode.code_hash).where(*which)).all():
                lay(connection, CODE_STONE, code_mark(code_hash), now)

        await self._uow.read(work)

    async def _use_step(self, attempt: CodeAttempt) -> bool:
        row = await self._uow.session.get(Factor, attempt.person_id)
        if row is None or row.confirmed_at is None or attempt.recovery_hash is not None:
            return False
        seed = self._seal.open(row.secret, _place(attempt.person_id))
        step = step_of(seed, attempt.code, self._deps.clock.now())
        if step is None:
            return False
        newer = update(Factor).where(Factor.person_id == attempt.person_id, Factor.last_step < step)
        return await self._execute(newer.values(last_step=step))

    async def _execute(self, statement: Any) -> bool:
        done: CursorResult[Any] = await self._uow.session.execute(statement)  # type: ignore[assignment]  # what a DELETE or UPDATE really returns
        return done.rowcount == 1

    async def _changed(self, person_id: str) -> None:
        person = await self._uow.session.get_one(Person, person_id)
        person.rev += 1
        self._uow.hint("access", person_id, person.rev)


def code_mark(code_hash: str) -> str:
    """What is remembered of a code that ended: nothing that it could be guessed by faster."""
    return secret_hash(code_hash)


def _place(person_id: str) -> str:
    return place_of(Factor.__tablename__, "secret", person_id)


def _lost(connection: Connection, _seal: Seal, _clock: Clock) -> list[str]:
    """Nobody's codes can be checked any more: they sign in by password, and set it up anew."""
    query = (
        select(Person.name)
        .join(Factor, Factor.person_id == Person.id)
        .where(Factor.confirmed_at.is_not(None))
    )
    names = sorted(connection.scalars(query))
    having = Person.id.in_(select(Factor.person_id))
    connection.execute(update(Person).where(having).values(rev=Person.rev + 1))
    connection.execute(delete(RecoveryCode))
    connection.execute(delete(Factor))
    return [f"Second factors are off, to be set up anew on /account: {', '.join(names)}."] if names else []


SEALED = SealedColumn(table=Factor.__tablename__, column="secret", lost=_lost)
