"""Clients and their phones: commands and queries. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from sqlalchemy import delete, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.events.crm import ClientPhoneAdded
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.crm import rules
from hub.modules.crm.entries import ReadyClient, client_unmasked, ready_client
from hub.modules.crm.living import living
from hub.modules.crm.matching import OWNERS_OF_KEYS, answers, keys_of
from hub.modules.crm.models import Client, ErasedClient, Phone, Segment, Word
from hub.modules.crm.service_history import HistoryService, differences
from hub.modules.crm.service_vehicles import VehicleService
from hub.modules.crm.views import (
    NOBODY,
    CallerMatch,
    ChangeKind,
    ClientEntry,
    ClientView,
    Kind,
    Messenger,
    MessengerKind,
    PhoneEntry,
    PhoneView,
    Relation,
)  # fmt: skip

_CID_LENGTH = 40


class ClientService:
    """What can be done with clients."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._country = deps.places.of(uow.shop_id).country
        self._vehicles = VehicleService(uow, deps)
        self._history = HistoryService(uow, deps)

    async def one(self, client_id: str) -> ClientView:
        found = await self.by_ids([client_id])
        if client_id not in found:
            gone = select(ErasedClient.id).where(ErasedClient.client_id == client_id).limit(1)
            if "\x00" not in client_id and (await self._uow.session.scalar(gone)) is not None:
                raise NotFound("crm.client_erased", "The data of this client were erased on request.")
            raise NotFound("crm.client_unknown", "There is no such client.")
        return found[client_id]

    async def by_ids(self, client_ids: Collection[str]) -> dict[str, ClientView]:
        """Two statements, whatever the number of clients; one that was merged answers with the one that
        lives on."""
        wanted = sorted({client_id for client_id in client_ids if "\x00" not in client_id})
        if not wanted:
            return {}
        ends = await living(self._uow.session, wanted)
        views = await self.views(list({row.id: row for row in ends.values()}.values()))
        return {asked: views[row.id] for asked, row in ends.items()}

    async def views(self, rows: Sequence[Client]) -> dict[str, ClientView]:
        """Rows with their phones, in the rows' order."""
        ids = [row.id for row in rows]
        query = select(Phone).where(Phone.client_id.in_(ids)).order_by(Phone.client_id, Phone.position)
        phones: dict[str, list[Phone]] = {}
        for phone in (await self._uow.session.scalars(query)).all() if ids else ():
            phones.setdefault(phone.client_id, []).append(phone)
        return {row.id: _view(row, phones.get(row.id, [])) for row in rows}

    async def caller(self, number: str | None) -> CallerMatch:
        """As the hot path matches, and each candidate with the cars it owns."""
        if number is None or not (keys := keys_of([number], self._country)):
            return NOBODY
        rows = (await self._uow.session.execute(OWNERS_OF_KEYS, {"keys": sorted(keys.values())})).all()
        match = answers([number], keys, rows)[number]
        cars = await self._vehicles.of_clients([c.client_id for c in match.candidates])
        named = (
            replace(c, owns=tuple(car.title for car in cars.get(c.client_id, ()))) for c in match.candidates
        )
        return replace(match, candidates=tuple(named))

    async def callers(self, numbers: Collection[str]) -> dict[str, CallerMatch]:
        keys = keys_of(numbers, self._country)
        if not keys:
            return dict.fromkeys(numbers, NOBODY)
        asked = {"keys": sorted(set(keys.values()))}
        return answers(numbers, keys, (await self._uow.session.execute(OWNERS_OF_KEYS, asked)).all())

    async def create(self, entry: ClientEntry) -> ClientView:
        ready = ready_client(entry, self._country)
        now = self._clock.now()
        row = Client(id=new_id(self._clock), rev=1, created_at=now, updated_at=now, **ready.columns)
        self._uow.session.add(row)
        await self._uow.session.flush()
        await self._put_words(row.id, ready)
        await self._put_phones(row.id, ready, ())
        self._uow.hint("client", row.id, 1)
        made = await self.one(row.id)
        await self._history.note("client", row.id, "added", differences(None, entry_of(made)))
        return made

    async def change(
        self, client_id: str, rev: int, entry: ClientEntry, what: ChangeKind = "changed"
    ) -> ClientView:
        """The row is taken only in the revision that the person saw."""
        before = entry_of(await self.one(client_id))
        entry = client_unmasked(entry, before)
        ready = ready_client(entry, self._country)
        values = {**ready.columns, "rev": rev + 1, "updated_at": self._clock.now()}
        where = (Client.id == client_id, Client.rev == rev)
        taken = await self._uow.session.execute(
            update(Client).where(*where).values(values).returning(Client.id)
        )
        if taken.first() is None:
            current = await self.one(client_id)
            raise Conflict(
                "crm.client_changed",
                "Somebody else has changed this client meanwhile.",
                "Look at the present state and enter your change again.",
                data={"rev": current.rev},
            )
        known = (await self._uow.session.scalars(select(Phone.key).where(Phone.client_id == client_id))).all()
        await self._uow.session.execute(delete(Word).where(Word.client_id == client_id))
        await self._uow.session.execute(delete(Segment).where(Segment.client_id == client_id))
        await self._uow.session.execute(delete(Phone).where(Phone.client_id == client_id))
        self._uow.session.expire_all()
        await self._put_words(client_id, ready)
        await self._put_phones(client_id, ready, known)
        self._uow.hint("client", client_id, rev + 1)
        changed = await self.one(client_id)
        await self._history.note("client", client_id, what, differences(before, entry_of(changed)))
        return changed

    async def quick_create(
        self, number: str | None, name: str, *, kind: Kind, allow_shared: bool
    ) -> ClientView:
        if not allow_shared:
            match = await self.caller(number)
            if match.candidates:
                known = [{"client_id": c.client_id, "name": c.name} for c in match.candidates]
                raise Conflict(
                    "crm.phone_known",
                    "This number is already known.",
                    "Open the client who has it, or save a second one with the same number.",
                    data={"candidates": known},
                )
        phones = (PhoneEntry(number=number, is_main=True),) if number else ()
        return await self.create(ClientEntry(kind=kind, name=name, phones=phones))

    async def mark_not_client(self, number: str, relation: Relation, name: str) -> ClientView:
        if relation == "client":
            raise Invalid("crm.relation", "Say what they are instead: a supplier, staff, spam, other.")
        if rules.number_key(number, self._country) is None:
            raise Invalid("crm.number_unusable", "This number cannot be remembered: it identifies nobody.")
        match = await self.caller(number)
        clients = [c for c in match.candidates if c.relation == "client"]
        if clients:
            raise Conflict(
                "crm.number_of_client",
                "This number belongs to a client.",
                "Open the client and change there what they are to the shop.",
                data={"candidates": [{"client_id": c.client_id, "name": c.name} for c in clients]},
            )
        if match.candidates:
            old = await self.one(match.candidates[0].client_id)
            entry = replace(entry_of(old), relation=relation, name=name or old.name)
            client = await self.change(old.id, old.rev, entry)
            self._uow.publish(ClientPhoneAdded(client_id=client.id, number=client.phones[0].number))
            return client
        kind: Kind = "company" if relation == "supplier" else "person"
        phone = PhoneEntry(number=number, is_main=True)
        return await self.create(ClientEntry(kind=kind, relation=relation, name=name, phones=(phone,)))

    async def cid_line(self, number: str | None) -> str:
        """Name and cars, shared numbers as both names: never a guess shown as a fact."""
        match = await self.caller(number)
        names = "/".join(c.name for c in match.candidates[:2])
        cars = match.candidates[0].owns[:1] if len(match.candidates) == 1 else ()
        return _one_line(" ".join((names, *cars)))

    async def _put_words(self, client_id: str, ready: ReadyClient) -> None:
        self._uow.session.add_all(Word(client_id=client_id, word=word) for word in ready.words)
        self._uow.session.add_all(Segment(client_id=client_id, segment=one) for one in ready.segments)
        await self._uow.session.flush()

    async def _put_phones(self, client_id: str, ready: ReadyClient, known: Iterable[str | None]) -> None:
        """A number that is new to this client is a fact: past calls from it may find their client."""
        before = set(known)
        for position, phone in enumerate(ready.phones):
            row = Phone(id=new_id(self._clock), client_id=client_id, position=position, **phone.columns)
            self._uow.session.add(row)
            if phone.key is not None and phone.key not in before:
                self._uow.publish(ClientPhoneAdded(client_id=client_id, number=phone.key))
        await self._uow.session.flush()


def entry_of(client: ClientView) -> ClientEntry:
    """A client as it stands, to be changed and saved again."""
    phones = tuple(PhoneEntry(number=p.raw, label=p.label, is_main=p.is_main) for p in client.phones)
    return ClientEntry(
        kind=client.kind, relation=client.relation, name=client.name, phones=phones, emails=client.emails,
        language=client.language, tags=client.tags, note=client.note, is_archived=client.is_archived,
        messengers=client.messengers, source=client.source, segments=client.segments,
        blocked_reason=client.blocked_reason, birthday=client.birthday,
    )  # fmt: skip


def _view(row: Client, phones: Sequence[Phone]) -> ClientView:
    return ClientView(
        id=row.id, rev=row.rev, kind=row.kind, relation=row.relation, name=row.name,
        phones=tuple(
            PhoneView(number=p.number, raw=p.raw, label=p.label, is_main=p.is_main) for p in phones
        ),
        emails=tuple(row.emails), language=row.language, tags=tuple(row.tags), note=row.note,
        is_archived=row.is_archived, created_at=row.created_at, updated_at=row.updated_at,
        messengers=tuple(_messenger(stored) for stored in row.messengers),
        source=row.source, segments=tuple(row.segments), blocked_reason=row.blocked_reason,
        birthday=row.birthday,
    )  # fmt: skip


def _messenger(stored: Mapping[str, str]) -> Messenger:
    """As an entry, which knows the kinds, was stored."""
    return Messenger(kind=cast("MessengerKind", stored["kind"]), address=stored["address"])


def _one_line(text: str) -> str:
    """No line break, no control character, short enough for a small display."""
    printable = "".join(c if c.isprintable() else " " for c in text[:400])
    return " ".join(printable.split())[:_CID_LENGTH].rstrip()
