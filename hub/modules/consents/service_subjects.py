"""Who is meant: the client, their addresses, and the rows of the ledger that speak of them. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_, select

from hub.errors import Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.consents.models import Entry
from hub.modules.consents.rules import Fact, State, mark_of, state_of
from hub.modules.consents.views import Subject
from hub.modules.crm.api import ClientView, CrmApi, number_key
from hub.ports.messaging import NUMBERS
from hub.values import normalise_number

DIALLED = NUMBERS | {"call"}
LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whoever is behind a subject. `marks` are those of all addresses that are known of them, `mark` is that
    of the one that was named."""

    client: ClientView | None
    channel: str
    address: str
    mark: str
    marks: frozenset[str]

    @property
    def client_id(self) -> str | None:
        """Their record, if they have one."""
        return self.client.id if self.client is not None else None


class SubjectService:
    """Finds people and what they have said."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._country = deps.places.of(uow.shop_id).country
        self._crm = CrmApi(uow, deps)

    async def person(self, subject: Subject, *, is_strict: bool = True) -> Person:
        """By the client, or by an address; of a number that only one client has, it is that client. Raises
        NotFound for an unknown client (unless not `is_strict`), Invalid when neither is named."""
        channel, address = subject.channel, self._address(subject)
        if subject.client_id is None and not address:
            raise Invalid(
                "consents.nobody", "Say whose consent it is.", "Name a client, or a channel and an address.",
                fields={"client_id": "A client, or a channel and an address"},
            )  # fmt: skip
        client = await self._client(subject.client_id, is_strict=is_strict)
        if client is None and channel in DIALLED:
            match = await self._crm.caller(address)
            found = await self._crm.clients_by_ids([one.client_id for one in match.candidates])
            only = [one for one in found.values() if not one.is_archived]
            client = found.get(match.client_id or "") or (only[0] if len(only) == 1 else None)
        mark = self.mark(channel, address)
        marks = {mark} if mark else set()
        if client is not None:
            marks |= {self.mark("sms", phone.number) for phone in client.phones}
            marks |= {self.mark("email", email) for email in client.emails}
        return Person(
            client=client, channel=channel, address=address, mark=mark, marks=frozenset(marks - {""})
        )

    async def _client(self, client_id: str | None, *, is_strict: bool) -> ClientView | None:
        if client_id is None:
            return None
        if is_strict:
            return await self._crm.client(client_id)
        return (await self._crm.clients_by_ids([client_id])).get(client_id)

    def mark(self, channel: str, address: str) -> str:
        """The hash that stands for an address; the same for every channel that uses the number."""
        if not address or not channel:
            return ""
        if channel in DIALLED:
            return mark_of(f"tel:{number_key(address, self._country) or address}")
        return mark_of(f"{channel}:{address.strip().casefold()}")

    async def rows(self, person: Person) -> Sequence[Entry]:
        """What the ledger says of them, the oldest first."""
        query = select(Entry).where(_is_of(person.client_id, person.marks)).order_by(Entry.at, Entry.n)
        return (await self._session.scalars(query)).all()

    async def state(self, person: Person) -> State:
        """How it stands."""
        return state_of([fact_of(row) for row in await self.rows(person)])

    def _address(self, subject: Subject) -> str:
        address = subject.address.strip()
        if len(address) > LONGEST_ADDRESS or (address and not address.isprintable()):
            raise Invalid(
                "consents.address", "This is no address.", "Write it once more.",
                fields={"address": "This is no address"},
            )  # fmt: skip
        if subject.channel in DIALLED and address:
            return normalise_number(address, self._country) or address
        return address


def _is_of(client_id: str | None, marks: Collection[str]) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [Entry.mark.in_(sorted(marks))] if marks else []
    if client_id is not None:
        parts.append(Entry.client_id == client_id)
    return or_(*parts) if parts else false()


def fact_of(row: Entry) -> Fact:
    """What of a row decides."""
    return Fact(
        n=row.n, at=row.at, topic=row.topic, act=row.act, form=row.form, channel=row.channel,
        took=tuple(row.took), mark=row.mark,
    )  # fmt: skip
