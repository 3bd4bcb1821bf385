"""STOP and START in what people write. Never commits; may run twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from hub.events.consents import StopWordHeard, StopWordSaid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.consents.models import Entry
from hub.modules.consents.rules import taken
from hub.modules.consents.service_ledger import LedgerService
from hub.modules.consents.service_subjects import Person, SubjectService
from hub.modules.consents.views import ConsentEntry, Subject, Word

_MOST_A_DAY = 6
"""Answers to one address in a day: two machines that talk to each other end there."""


class WordService:
    """What a message asks for has its effect, once; something must change for an answer to be due."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._ledger = LedgerService(uow, deps)
        self._subjects = SubjectService(uow, deps)

    async def heard(self, event: StopWordSaid, at: datetime) -> None:
        """What the word asks for is so, if it was not before."""
        word, cause = event.word, f"message:{event.message_id}"
        subject = Subject(client_id=event.client_id, channel=event.channel, address=event.address)
        if await self._is_done(cause):
            return
        person = await self._subjects.person(subject, is_strict=False)
        await self._uow.take_turn(f"consents:{person.client_id or person.mark}")
        said = ConsentEntry(
            subject=subject, topic="marketing", act="withdrawn", form="message", source=event.channel,
            evidence=event.text, at=at, cause=cause,
        )  # fmt: skip
        changed = await (self._start(person, said) if word == "start" else self._stop(person, said, word))
        if changed and await self._may_answer(person, at):
            self._uow.publish(
                StopWordHeard(
                    message_id=event.message_id, conversation_id=event.conversation_id,
                    client_id=event.client_id, channel=event.channel, address=event.address, word=word,
                ),
                external_id=f"consents:{cause}",
            )  # fmt: skip

    async def _stop(self, person: Person, said: ConsentEntry, word: Word) -> bool:
        state = await self._subjects.state(person)
        changed = False
        if word == "stop_all" and not state.is_blocked:
            block = replace(said, topic="all", act="blocked", cause=f"{said.cause}:all")
            await self._ledger.add(person, block, taken(state, "all", "message"))
            changed = True
        if not self._ledger.is_off(state):
            await self._ledger.add(person, said, taken(state, "marketing", "message"))
            changed = True
        return changed

    async def _start(self, person: Person, said: ConsentEntry) -> bool:
        took = (await self._subjects.state(person)).restorable("message")
        if took:
            await self._ledger.add(person, replace(said, topic="all", act="restored"), tuple(sorted(took)))
        return bool(took)

    async def _is_done(self, cause: str) -> bool:
        query = select(Entry.n).where(Entry.cause.in_([cause, f"{cause}:all"]))
        return (await self._session.scalars(query)).first() is not None

    async def _may_answer(self, person: Person, at: datetime) -> bool:
        query = select(func.count()).where(
            Entry.mark == person.mark, Entry.form == "message", Entry.at > at - timedelta(days=1)
        )
        return int((await self._session.scalars(query)).one()) <= _MOST_A_DAY
