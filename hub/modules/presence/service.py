"""How colleagues are, and what they say of themselves. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from hub.errors import Invalid
from hub.events.phones import PhoneCondition
from hub.events.presence import ChosenPresence, PresenceChosen
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi, PersonView
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.presence.models import Chosen, Link, Member, Phone, Queue
from hub.modules.presence.rules import (
    STRENGTH,
    CallFactOf,
    Choice,
    MemberFact,
    PhoneFact,
    is_rung,
    presence_of,
    reason_fault,
)
from hub.modules.presence.service_phones import TOPIC
from hub.modules.presence.views import DeviceView, Knowledge, MemberView, PresenceView, QueueView
from hub.values import ShopId

_SWITCH = "custom:"


class PresenceService:
    """Commands and queries of one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._access = AccessApi(uow, deps)
        self._calls = CallsApi(uow, deps)

    async def knowledge(self) -> Knowledge:
        """Known is what was asked for since the line is up; else since when it is not. A hub that was killed
        left what it knew: that is not known either until the PBX is asked anew."""
        row = (await self._session.scalars(select(Link).limit(1))).first()
        link = self._deps.telephony.link() if self._deps.telephony is not None else None
        lost = row.unknown_since if row is not None else None
        if row is None or row.known_at is None or lost is not None:
            return Knowledge(is_known=False, since=lost or (link.since if link is not None else None))
        if link is not None and (not link.is_up or row.known_at < link.since):
            return Knowledge(is_known=False, since=link.since)
        return Knowledge(is_known=True, since=row.known_at)

    async def everybody(self, shops: Collection[ShopId] | None = None) -> tuple[PresenceView, ...]:
        """Every active colleague of these shops (None: of all), by name."""
        people = await self._access.list_people(shops, only_active=True)
        return await self._views(people)

    async def one(self, person_id: str, shops: Collection[ShopId] | None = None) -> PresenceView:
        """Raises NotFound, also for a person of a shop that is not among `shops`."""
        return (await self._views([await self._access.person(person_id, shops)]))[0]

    async def queues(self) -> tuple[QueueView, ...]:
        """Every queue of the PBX with its members, by name; also one that nobody is in."""
        people = await self._access.people_by_extension()
        members = await self._members(people, await self._calls.live_calls())
        names = {*(await self._session.scalars(select(Queue.name))), *(one.queue for one in members)}
        return tuple(
            QueueView(name=name, members=tuple(one for one in members if one.queue == name))
            for name in sorted(names)
        )

    async def choose(
        self, person: PersonView, kind: ChosenPresence, *, reason: str = "", until: datetime | None = None
    ) -> None:
        """Say how a person is, or (`here`) that they are back. The same again changes nothing. Raises
        Invalid."""
        reason, now = " ".join(reason.split()) if kind != "here" else "", self._deps.clock.now()
        if fault := reason_fault(reason):
            raise Invalid("presence.reason", fault, fields={"reason": fault})
        if kind == "here" or until is None:
            until = None
        elif until <= now:
            raise Invalid(
                "presence.until", "This time is over already.", "Choose a later one.",
                fields={"until": "This time is over already."},
            )  # fmt: skip
        await self._uow.take_turn(f"presence:person:{person.id}")
        row = await self._session.get(Chosen, person.id)
        if _is_same(row, kind, reason, until, now):
            return
        if row is None:
            row = Chosen(person_id=person.id, rev=0, since=now)
            self._session.add(row)
        await self._write(row, person, kind, reason, until)

    async def end_choices(self) -> int:
        """What was said until a time that is over is taken back; how many were."""
        now = self._deps.clock.now()
        query = select(Chosen).where(Chosen.until <= now, Chosen.kind != "here").order_by(Chosen.person_id)
        rows = (await self._session.scalars(query)).all()
        people = {one.id: one for one in await self._access.list_people()} if rows else {}
        for row in rows:
            if row.person_id in people:
                await self._write(row, people[row.person_id], "here", "", None)
            else:
                await self._session.delete(row)
        return len(rows)

    async def _write(
        self, row: Chosen, person: PersonView, kind: ChosenPresence, reason: str, until: datetime | None
    ) -> None:
        row.kind, row.reason, row.until, row.since = kind, reason, until, self._deps.clock.now()
        row.rev += 1
        await self._session.flush()
        self._uow.publish(
            PresenceChosen(
                person_id=person.id, kind=kind, reason=reason, until=until, extensions=person.extensions
            )
        )
        for shop_id in sorted({person.shop_id, *person.shops}):
            self._uow.hint(TOPIC, person.id, row.rev, shop_id=shop_id)

    async def _views(self, people: Sequence[PersonView]) -> tuple[PresenceView, ...]:
        now, knowledge = self._deps.clock.now(), await self.knowledge()
        phones = (await self._session.scalars(select(Phone).order_by(Phone.device))).all()
        everybody = await self._access.people_by_extension()
        calls = await self._calls.live_calls()
        members = await self._members(everybody, calls)
        chosen = {row.person_id: row for row in await self._session.scalars(select(Chosen))}
        rev = sum(await self._session.scalars(select(Link.rev)))
        found = []
        for person in people:
            mine = [row for row in phones if row.extension in person.extensions]
            own = tuple(one for one in members if one.person_id == person.id)
            row = chosen.get(person.id)
            choice = _choice(row)
            is_gone = choice is not None and choice.holds(now)
            presence = presence_of(
                now,
                phones=[_phone_fact(one) for one in mine],
                members=[_member_fact(one) for one in own],
                calls=_parts(calls, person),
                choice=choice,
                unknown_since=None if knowledge.is_known else knowledge.since or now,
            )
            found.append(
                PresenceView(
                    person_id=person.id,
                    rev=rev + (row.rev if row else 0),
                    name=person.name,
                    role=person.role,
                    shop_id=person.shop_id,
                    shops=frozenset({person.shop_id, *person.shops}),
                    state=presence.state,
                    since=presence.since if knowledge.is_known else knowledge.since,
                    reason=presence.reason,
                    until=presence.until,
                    is_gone=is_gone,
                    is_absent=is_gone or (knowledge.is_known and _is_absent(mine, own)),
                    extensions=person.extensions,
                    has_mobile=person.mobile is not None,
                    devices=tuple(
                        DeviceView(
                            device=one.device,
                            extension=one.extension,
                            condition=one.condition,
                            since=one.since,
                        )
                        for one in mine
                    ),
                    queues=own,
                )
            )
        return tuple(found)

    async def _members(self, people: Mapping[str, PersonView], calls: Sequence[CallView]) -> list[MemberView]:
        rows = (await self._session.scalars(select(Member).order_by(Member.queue, Member.interface))).all()
        return [
            MemberView(
                queue=row.queue, interface=row.interface, extension=row.extension,
                name=people[row.extension].name if row.extension in people else row.name or row.extension,
                person_id=people[row.extension].id if row.extension in people else None,
                condition=_told_apart(row, calls), since=row.since, is_paused=row.is_paused,
                reason=row.reason, paused_at=row.paused_at,
            )
            for row in rows
        ]  # fmt: skip


def _told_apart(row: Member, calls: Sequence[CallView]) -> PhoneCondition:
    """A phone that is busy rings, or talks: the call says which."""
    if row.condition != "busy":
        return row.condition
    parts = [one for call in calls for one in _part(call, (row.extension,), None)]
    return "ringing" if is_rung(parts) else "talking"


def by_readiness(one: PresenceView) -> tuple[int, str]:
    """Whom to ask first: the free ones, then by how soon they may be."""
    order = ("free", "paused", "ringing", "talking", "away", "do_not_disturb", "unreachable", "unknown")
    assert set(order) == set(STRENGTH)
    return (order.index(one.state), one.name)


def _is_same(
    row: Chosen | None, kind: ChosenPresence, reason: str, until: datetime | None, now: datetime
) -> bool:
    if row is None:
        return kind == "here"
    old = _choice(row)
    is_on = old is not None and old.holds(now)
    if kind == "here":
        return not is_on and row.kind == "here"
    return is_on and (row.kind, row.reason, row.until) == (kind, reason, until)


def _choice(row: Chosen | None) -> Choice | None:
    if row is None:
        return None
    return Choice(kind=row.kind, since=row.since, reason=row.reason, until=row.until)


def _phone_fact(row: Phone) -> PhoneFact:
    is_switch = row.device.lower().startswith(_SWITCH)
    return PhoneFact(condition=row.condition, since=row.since, is_switch=is_switch)


def _member_fact(one: MemberView) -> MemberFact:
    return MemberFact(is_paused=one.is_paused, reason=one.reason, paused_at=one.paused_at)


def _is_absent(phones: Sequence[Phone], members: Sequence[MemberView]) -> bool:
    """Not to be disturbed by the PBX's own switch, or pausing: whether a phone is in use just now or not."""
    is_silent = any(one.condition == "do_not_disturb" for one in phones)
    return is_silent or (bool(members) and all(one.is_paused for one in members))


def _parts(calls: Sequence[CallView], person: PersonView) -> list[CallFactOf]:
    """Where the person is in calls that go on: by a phone, or by the mobile."""
    return [one for call in calls for one in _part(call, person.extensions, person.mobile)]


def _part(call: CallView, extensions: Collection[str], mobile: str | None) -> list[CallFactOf]:
    return [
        CallFactOf(rang_at=party.rang_at, answered_at=party.answered_at)
        for party in call.parties
        if party.left_at is None
        and party.outcome in (None, "answered")
        and (party.extension in extensions or (mobile is not None and party.number == mobile))
    ]
