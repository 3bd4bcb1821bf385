"""Calls one by one: reading, notes, whose they are. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, select

from hub.errors import Invalid, NotFound
from hub.events.calls import CallNoted
from hub.events.crm import CallerChosen
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import names_by_extension
from hub.modules.calls import statements as sql
from hub.modules.calls.models import IS_LIVE, Call, Note
from hub.modules.calls.rules import LONGEST_NOTE, read_legs, read_parties, read_transfers
from hub.modules.calls.service_links import LinkService
from hub.modules.calls.views import CallView, NoteView, PartyView
from hub.modules.crm.api import CrmApi
from hub.ports.telephony import LinkState
from hub.values import CallId, ShopId

_MOST_LIVE = 500


class CallService:
    """What can be done with a call."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def one(self, call_id: str, shops: frozenset[ShopId] | None) -> CallView:
        """A merged call answers with the one that it became a part of."""
        row, names, sound = await self._uow.glance(partial(_look_up, call_id))
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("calls.unknown", "There is no such call.")
        return _with_names(row, names, sound)

    async def by_ids(self, call_ids: Collection[str]) -> dict[str, CallView]:
        """Those that are there; a call that became part of another is not found under its old id."""
        if not call_ids:
            return {}
        query = select(Call).where(Call.id.in_(sorted(set(call_ids))))
        return {call.id: call for call in await self.views((await self._uow.session.scalars(query)).all())}

    async def live(self, shops: frozenset[ShopId] | None) -> tuple[CallView, ...]:
        query = select(Call).where(IS_LIVE).order_by(Call.started_at, Call.id).limit(_MOST_LIVE)
        if shops is not None:
            query = query.where(Call.shop_id.in_(sorted(shops)))
        return await self.views((await self._uow.session.scalars(query)).all())

    async def views(self, rows: Sequence[Call]) -> tuple[CallView, ...]:
        """Rows with the names of our people, in the rows' order."""
        if not rows:
            return ()
        names, sound = await self._uow.read(partial(_around, [row.id for row in rows]))
        return tuple(_with_names(row, names, sound.get(row.id, ())) for row in rows)

    async def set_client(
        self,
        call_id: str,
        client_id: str | None,
        vehicle_id: str | None,
        shops: frozenset[ShopId] | None,
        rev: int | None,
    ) -> CallView:
        call = await self.one(call_id, shops)
        crm = CrmApi(self._uow, self._deps)
        if client_id is not None:
            client_id = (await crm.client(client_id)).id
        await LinkService(self._uow).choose(call.id, client_id, vehicle_id, rev)
        if client_id is not None:
            await crm.numbers.learn(call.other_number, client_id)
        else:
            await crm.numbers.unlearn(call.other_number)
        self._uow.publish(CallerChosen(call_id=call.id, client_id=client_id))
        if client_id is None:
            match = await crm.caller(call.other_number)
            row = await self._uow.session.get(Call, call.id)
            if row is not None and row.other_key is not None:
                await LinkService(self._uow).link_number(row.other_key, match)
        self._uow.session.expire_all()
        return await self.one(call.id, shops)

    async def add_note(
        self, call_id: str, text: str, author_name: str, shops: frozenset[ShopId] | None
    ) -> NoteView:
        call = await self.one(call_id, shops)
        text = text.replace("\r\n", "\n").strip()
        if not text or "\x00" in text:
            raise Invalid("calls.note", "The note is empty.", fields={"text": "Write something first."})
        if len(text) > LONGEST_NOTE:
            raise Invalid("calls.note", "The note is too long.", fields={"text": "This is too long."})
        row = Note(
            id=new_id(self._deps.clock), rev=1, call_id=call.id, text=text, author_id=self._uow.actor,
            author_name=author_name, created_at=self._deps.clock.now(),
        )  # fmt: skip
        self._uow.session.add(row)
        await self._uow.session.flush()
        await LinkService(self._uow).touch(call.id)
        self._uow.publish(CallNoted(call_id=CallId(call.id), note_id=row.id))
        return _note(row)

    async def notes(self, call_ids: Collection[str]) -> dict[str, tuple[NoteView, ...]]:
        if not call_ids:
            return {}
        query = select(Note).where(Note.call_id.in_(sorted(set(call_ids)))).order_by(Note.created_at, Note.id)
        found: dict[str, tuple[NoteView, ...]] = {}
        for row in (await self._uow.session.scalars(query)).all():
            found[row.call_id] = (*found.get(row.call_id, ()), _note(row))
        return found

    def note_ids(self) -> Select[str]:
        """The ids of all notes that there are."""
        return select(Note.id)

    def link(self) -> LinkState | None:
        """Whether the line to the PBX is up; None without one."""
        return self._deps.telephony.link() if self._deps.telephony is not None else None


def _named(party: PartyView, names: Mapping[str, str]) -> PartyView:
    name = names.get(party.extension or "") or names.get(party.number or "")
    return replace(party, name=name) if name else party


def _note(row: Note) -> NoteView:
    return NoteView(
        id=row.id, rev=row.rev, call_id=row.call_id, text=row.text, author_id=row.author_id,
        author_name=row.author_name, created_at=row.created_at,
    )  # fmt: skip


Sound = dict[str, tuple[str, ...]]


def _look_up(call_id: str, connection: Connection) -> tuple[Any, dict[str, str], tuple[str, ...]]:
    if "\x00" in call_id:
        return None, {}, ()
    asked = {"call": call_id}
    found = sql.ONE.all(connection, asked) or sql.SURVIVOR.all(connection, asked)
    if not found:
        return None, {}, ()
    row = found[0]
    return row, names_by_extension(connection), _sound(connection, [row.id]).get(row.id, ())


def _around(call_ids: Sequence[str], connection: Connection) -> tuple[dict[str, str], Sound]:
    return names_by_extension(connection), _sound(connection, call_ids)


def _sound(connection: Connection, call_ids: Sequence[str]) -> Sound:
    """The recordings of each call, the first first."""
    found: Sound = {}
    for row in sql.RECORDINGS.all(connection, sorted(call_ids)):
        found[row.call_id] = (*found.get(row.call_id, ()), row.recording_id)
    return found


def _with_names(row: Any, names: Mapping[str, str], sound: tuple[str, ...]) -> CallView:
    return _view(row, tuple(_named(party, names) for party in read_parties(row.parties)), sound)


def _view(row: Any, parties: tuple[PartyView, ...], sound: tuple[str, ...]) -> CallView:
    return CallView(
        id=row.id, rev=row.rev, step=row.step, shop_id=ShopId(row.shop_id), direction=row.direction,
        from_number=row.from_number, to_number=row.to_number, other_number=row.other_number,
        caller_name=row.caller_name, dialled=row.dialled, trunk=row.trunk, line=row.line, queue=row.queue,
        state=row.state, result=row.result, missed_reason=row.missed_reason, in_hours=row.in_hours,
        started_at=row.started_at, queued_at=row.queued_at, offered_at=row.offered_at,
        answered_at=row.answered_at, ended_at=row.ended_at, wait_seconds=row.wait_seconds,
        talk_seconds=row.talk_seconds, hold_seconds=row.hold_seconds, answered_by=row.answered_by,
        last_extension=row.last_extension, parties=parties, transfers=read_transfers(row.transfers),
        legs=read_legs(row.legs), parked_space=row.parked_space, client_id=row.client_id,
        vehicle_id=row.vehicle_id, relation=row.relation, candidate_count=row.candidate_count,
        is_complete=row.is_complete, recording_ids=sound,
    )  # fmt: skip
