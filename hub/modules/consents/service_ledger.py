"""The ledger: what people have agreed to and what they have ended. Rows are only added. Never commits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from hub.errors import Conflict, Invalid
from hub.events.consents import ConsentChanged
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.consents.models import Entry
from hub.modules.consents.rows import consent_view, entry_view
from hub.modules.consents.rules import EVIDENT, State, taken
from hub.modules.consents.rules_ledger import faults_of
from hub.modules.consents.service_subjects import Person, SubjectService
from hub.modules.consents.views import Choice, ConsentEntry, ConsentView, EntryView, Form, Subject

TOPIC = "consents"
_CLOCKS_DIFFER = timedelta(minutes=5)


class LedgerService:
    """Reads and adds."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._subjects = SubjectService(uow, deps)

    async def read(self, subject: Subject, *, is_strict: bool = True) -> ConsentView:
        """How it stands, and every row, the newest first. Raises Invalid, and NotFound where `is_strict`."""
        person = await self._subjects.person(subject, is_strict=is_strict)
        return consent_view(person.client_id, await self._subjects.rows(person))

    async def stretch(self, after: int, limit: int) -> list[EntryView]:
        """Rows of the whole ledger behind the row `after`, the oldest first."""
        query = select(Entry).where(Entry.n > after).order_by(Entry.n).limit(limit)
        return [entry_view(row) for row in (await self._session.scalars(query)).all()]

    async def record(self, entry: ConsentEntry) -> EntryView:
        """Add a row. With a `cause` that is there already it is that row. An oral word is no consent to
        marketing. Raises Invalid with the faults by field, NotFound, Conflict."""
        known = await self._of_cause(entry.cause)
        if known is not None:
            return entry_view(known)
        self._check(entry)
        person = await self._subjects.person(entry.subject)
        await self._turn(person)
        state = await self._subjects.state(person)
        self._not_over_a_no(entry, state)
        took: tuple[str, ...] = ()
        if entry.act in ("withdrawn", "blocked"):
            took = taken(state, entry.topic, entry.form)
        elif entry.act == "restored":
            took = (f"{entry.topic}:",)
        return entry_view(await self.add(person, entry, took))

    async def choose(
        self, subject: Subject, choice: Choice, *, form: Form = "link", source: str = "", cause: str = ""
    ) -> ConsentView:
        """What somebody chooses for themselves, by a link or in a chat; what is so already changes nothing.
        `back_on` gives back what they themselves have ended: a new consent needs a form. Raises NotFound."""
        person = await self._subjects.person(subject)
        if await self._of_cause(cause) is None:
            await self._turn(person)
            await self._choose(person, choice, form, source, cause)
        return consent_view(person.client_id, await self._subjects.rows(person))

    async def _choose(self, person: Person, choice: Choice, form: Form, source: str, cause: str) -> None:
        state = await self._subjects.state(person)
        entry = ConsentEntry(
            subject=Subject(), topic="marketing", act="withdrawn", form=form, source=source, cause=cause
        )
        if choice == "back_on":
            took = state.restorable("message", "link")
            if took:
                await self.add(person, replace(entry, act="restored", topic="all"), tuple(sorted(took)))
            return
        if choice == "all_off" and not state.is_blocked:
            block = replace(entry, topic="all", act="blocked", cause=f"{cause}:all" if cause else "")
            await self.add(person, block, taken(state, "all", form))
        if not self.is_off(state):
            await self.add(person, entry, taken(state, "marketing", form))

    def is_off(self, state: State) -> bool:
        """Whether marketing has been ended already, on every channel."""
        said = [on for token, on in state.said.items() if token.startswith("marketing:")]
        return state.said.get("marketing:") is False and not any(said)

    async def provider_blocked(self, subject: Subject, why: str, cause: str) -> None:
        """The provider tells that they take nothing of us on this channel (they stopped there, or the number
        takes no text). May run twice."""
        person = await self._subjects.person(subject)
        state = await self._subjects.state(person)
        if (subject.channel, person.mark) in state.blocks or await self._of_cause(cause) is not None:
            return
        await self.add(
            person,
            ConsentEntry(
                subject=subject, topic="all", act="blocked", form="provider", channel=subject.channel,
                source=why, cause=cause,
            ),
            (),
        )  # fmt: skip

    async def provider_free(self, subject: Subject, cause: str) -> None:
        """They write on this channel again. May run twice."""
        person = await self._subjects.person(subject)
        state = await self._subjects.state(person)
        if (subject.channel, person.mark) not in state.blocks or await self._of_cause(cause) is not None:
            return
        await self.add(
            person,
            ConsentEntry(
                subject=subject, topic="all", act="restored", form="provider", channel=subject.channel,
                source="They wrote again", cause=cause,
            ),
            (),
        )  # fmt: skip

    async def add(self, person: Person, entry: ConsentEntry, took: tuple[str, ...]) -> Entry:
        """Write a row down as it is, and tell of it."""
        now = self._clock.now()
        row = Entry(
            id=new_id(self._clock), shop_id=entry.shop_id or self._uow.shop_id, client_id=person.client_id,
            channel=entry.channel, via=person.channel, address=person.address, mark=person.mark,
            marks=sorted(person.marks), topic=entry.topic, act=entry.act,
            form=entry.form, source=" ".join(entry.source.split()), evidence=entry.evidence.strip(),
            took=list(took), cause=entry.cause, actor=self._uow.actor, author=entry.author,
            at=entry.at or now, created_at=now,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        self._uow.publish(
            ConsentChanged(
                entry_id=row.id, client_id=row.client_id, channel=row.channel, address=row.address,
                topic=row.topic, act=row.act, form=row.form,
            )
        )  # fmt: skip
        return row

    async def _turn(self, person: Person) -> None:
        await self._uow.take_turn(f"consents:{person.client_id or person.mark}")

    async def _of_cause(self, cause: str) -> Entry | None:
        if not cause:
            return None
        await self._uow.take_turn(f"consents:cause:{cause}")
        return (await self._session.scalars(select(Entry).where(Entry.cause == cause))).first()

    def _not_over_a_no(self, entry: ConsentEntry, state: State) -> None:
        """A list that is taken in is no answer to somebody who has said no."""
        about = (entry.channel,) if entry.channel else ("", *state.channels)
        said_no = any(state.standing(entry.topic, one) in ("withdrawn", "blocked") for one in about)
        if entry.form == "import" and entry.act == "granted" and said_no:
            raise Conflict(
                "consents.said_no", "They have said no since.",
                "Only a new consent in their own words or by their signature counts.",
            )  # fmt: skip

    def _check(self, entry: ConsentEntry) -> None:
        is_yes = entry.act in ("granted", "restored")
        if is_yes and entry.topic != "service" and entry.form not in EVIDENT:
            raise Invalid(
                "consents.oral", "A spoken word is no consent to advertising.",
                "The law asks for it in writing: a signature, a form on the web or a message of theirs.",
                fields={"form": "In writing, please"},
            )  # fmt: skip
        faults = faults_of(entry, needs_evidence=is_yes and entry.topic != "service")
        if entry.at is not None and entry.at > self._clock.now() + _CLOCKS_DIFFER:
            faults["at"] = "This lies in the future."
        if faults:
            raise Invalid(
                "consents.entry", "Something is missing or wrong.", "Look at the fields.", fields=faults
            )
