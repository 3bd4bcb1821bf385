"""A week of past calls of the demo shop, made by a seeded chance: the same week each time."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.cli.demo.clients import DemoClient
from hub.cli.demo.notes import CLIENTS, FRIDAY_NOTE, MISSED, STRANGERS, SUPPLIERS
from hub.cli.demo.people import LINES, WORKERS
from hub.events.calls import (
    CallResult,
    CallSnapshot,
    Leg,
    LegRole,
    MissedReason,
    Party,
    PartyOutcome,
    Transfer,
)
from hub.values import CallId, normalise_number

DAYS = 7
_CALLS_A_DAY = (17, 27)
_SEED = 2209
_RECEPTION = ("101", "102")
_INBOUND: tuple[tuple[CallResult, int], ...] = (
    ("answered", 72), ("missed", 12), ("voicemail", 7), ("short_abandon", 5),
)  # fmt: skip
_OUTBOUND: tuple[tuple[CallResult, int], ...] = (("answered", 70), ("no_answer", 20), ("busy", 10))


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call that is over, and what was written about it (by whom)."""

    call: CallSnapshot
    note: str
    author: str


def past_calls(
    clients: Sequence[DemoClient], today: date, zone: ZoneInfo, country: str
) -> Iterator[PastCall]:
    """The week before `today`, oldest first."""
    week = _Week(clients, today, zone, country)
    for day in range(DAYS, 0, -1):
        yield from week.day(today - timedelta(days=day))


class _Week:
    def __init__(self, clients: Sequence[DemoClient], today: date, zone: ZoneInfo, country: str) -> None:
        self._clients = clients
        self._zone = zone
        self._country = country
        self._chance = random.Random(_SEED)  # noqa: S311 - sample data, no secret
        self._names = {extension: w.name for w in WORKERS for extension in w.extensions}
        self._count = 0
        self._decks: dict[tuple[str, ...], list[str]] = {}
        self._today = today

    def day(self, day: date) -> Iterator[PastCall]:
        """One day's calls in order: Saturday is short, on Sundays only a few find the shop closed."""
        chance, is_saturday, is_sunday = self._chance, day.weekday() == 5, day.weekday() == 6
        amount = 3 if is_sunday else chance.randint(*_CALLS_A_DAY) // (2 if is_saturday else 1)
        # Six minutes apart: nobody talks on two lines at once.
        minutes = sorted(chance.sample(range(0, (5 if is_saturday else 9) * 60 - 10, 6), amount))
        for minute in minutes:
            start = self._at(day, time(9)) + timedelta(minutes=minute, seconds=chance.randint(0, 59))
            yield self._closed(start) if is_sunday else self._any(start)
        if day == self._last_friday():
            yield self._friday(self._at(day, time(17, 56, 10)))

    def _at(self, day: date, hour: time) -> datetime:
        """A local hour of that day, in UTC."""
        return datetime.combine(day, hour, self._zone).astimezone(UTC)

    def _last_friday(self) -> date:
        """The newest Friday that is over."""
        return self._today - timedelta(days=(self._today.weekday() - 4) % 7 or 7)

    def _any(self, start: datetime) -> PastCall:
        chance = self._chance
        is_known = chance.random() < 0.7
        client = chance.choice(self._clients) if is_known else None
        number = self._number_of(client)
        if chance.random() < 0.18 and client is not None and client.relation != "spam":
            return self._outbound(start, number, client)
        results = [name for name, _ in _INBOUND]
        result = chance.choices(results, [weight for _, weight in _INBOUND])[0]
        if result == "answered":
            return self._answered(start, number, client)
        return self._lost(start, number, client, result)

    def _number_of(self, client: DemoClient | None) -> str:
        if client is not None:
            number, _ = self._chance.choice(client.phones)
        else:
            network = self._chance.choice((50, 63, 67, 93, 97))
            number = f"0{network} 000-2{self._chance.randint(0, 9)}-{self._chance.randint(10, 99)}"
        return normalise_number(number, self._country) or number

    def _answered(self, start: datetime, number: str, client: DemoClient | None) -> PastCall:
        chance = self._chance
        wait, talk = chance.uniform(3.0, 25.0), chance.uniform(20.0, 260.0)
        taker, other = chance.sample(_RECEPTION, 2)
        at = start + timedelta(seconds=wait)
        end = at + timedelta(seconds=talk)
        offered = start + timedelta(seconds=1.2)
        parties = [self._party(taker, offered, at, end, "answered")]
        parties.append(self._party(other, offered, None, at, "answered_elsewhere"))
        transfers: tuple[Transfer, ...] = ()
        last = taker
        if chance.random() < 0.15:
            last, moved = "105", at + timedelta(seconds=talk * 0.4)
            transfers = (Transfer(at=moved, kind="attended", from_extension=taker, to="105"),)
            parties.append(self._party("105", moved, moved, end, "answered"))
        call = self._inbound(
            start, number, end, "answered", None, parties,
            answered_at=at, talk=talk, answered_by=taker, last=last, transfers=transfers,
        )  # fmt: skip
        note = self._note(client) if chance.random() < 0.6 else ""
        return PastCall(call, note, self._names[taker])

    def _lost(self, start: datetime, number: str, client: DemoClient | None, result: CallResult) -> PastCall:
        chance = self._chance
        seconds = chance.uniform(1.5, 4.5) if result == "short_abandon" else chance.uniform(14.0, 40.0)
        end = start + timedelta(seconds=seconds)
        offered = start + timedelta(seconds=0.4)
        outcome: PartyOutcome = "no_answer" if result == "voicemail" else "cancelled"
        parties = [self._party(extension, offered, None, end, outcome) for extension in _RECEPTION]
        call = self._inbound(start, number, end, result, "rang_out", parties)
        is_noted = client is not None and result != "short_abandon" and chance.random() < 0.5
        return PastCall(call, self._draw(MISSED) if is_noted else "", self._names["101"])

    def _note(self, client: DemoClient | None) -> str:
        if client is None:
            return self._draw(STRANGERS)
        texts = {"client": CLIENTS, "supplier": SUPPLIERS}.get(client.relation)
        return self._draw(texts) if texts else ""

    def _draw(self, texts: tuple[str, ...]) -> str:
        """The next note of a shuffled deck: none comes twice until all were used."""
        deck = self._decks.setdefault(texts, [])
        if not deck:
            deck.extend(self._chance.sample(texts, len(texts)))
        return deck.pop()

    def _closed(self, start: datetime) -> PastCall:
        number = self._number_of(self._chance.choice(self._clients))
        end = start + timedelta(seconds=7.5)
        return PastCall(self._inbound(start, number, end, "missed", "before_ringing", [], queue=None), "", "")

    def _outbound(self, start: datetime, number: str, client: DemoClient) -> PastCall:
        chance = self._chance
        who = chance.choice(_RECEPTION)
        result = chance.choices([name for name, _ in _OUTBOUND], [weight for _, weight in _OUTBOUND])[0]
        wait = chance.uniform(4.0, 20.0)
        talk = chance.uniform(15.0, 150.0) if result == "answered" else 0.0
        at = start + timedelta(seconds=wait) if talk else None
        end = start + timedelta(seconds=wait + talk)
        call = CallSnapshot(
            call_id=self._next_id(), direction="outbound", from_number=LINES[0].number, to_number=number,
            caller_name=None, dialled=None, trunk="trunk-kyivstar", queue=None, state="ended", result=result,
            missed_reason=None, started_at=start, queued_at=None, offered_at=None, answered_at=at,
            ended_at=end, wait_seconds=round(wait, 1), talk_seconds=round(talk, 1), hold_seconds=0.0,
            answered_by=who if talk else None, last_extension=who,
            parties=(self._party(who, None, start, end, "answered"),), transfers=(),
            legs=self._legs(start, at, end, number, who), parked_at_space=None, is_complete=True,
        )  # fmt: skip
        note = self._note(client) if talk and chance.random() < 0.4 else ""
        return PastCall(call, note, self._names[who])

    def _friday(self, start: datetime) -> PastCall:
        """The call that the first ringing of the demo refers to."""
        client = self._clients[0]
        number = normalise_number(client.phones[0][0], self._country) or ""
        at, end = start + timedelta(seconds=6), start + timedelta(seconds=131)
        parties = [self._party("101", start, at, end, "answered")]
        call = self._inbound(
            start, number, end, "answered", None, parties, answered_at=at, talk=125.0, answered_by="101",
            last="101",
        )  # fmt: skip
        return PastCall(call, FRIDAY_NOTE, self._names["101"])

    def _inbound(
        self, start: datetime, number: str, end: datetime, result: CallResult, reason: MissedReason | None,
        parties: Sequence[Party], *, queue: str | None = "reception", answered_at: datetime | None = None,
        talk: float = 0.0, answered_by: str | None = None, last: str | None = None,
        transfers: tuple[Transfer, ...] = (),
    ) -> CallSnapshot:  # fmt: skip
        line = self._chance.choices([line.number for line in LINES], [6, 3, 1])[0]
        wait = ((answered_at or end) - start).total_seconds()
        offered = min((p.rang_at for p in parties if p.rang_at is not None), default=None)
        return CallSnapshot(
            call_id=self._next_id(), direction="inbound", from_number=number, to_number=line,
            caller_name=None, dialled=line, trunk="trunk-kyivstar", queue=queue, state="ended",
            result=result, missed_reason=reason, started_at=start, queued_at=start if queue else None,
            offered_at=offered, answered_at=answered_at, ended_at=end, wait_seconds=round(wait, 1),
            talk_seconds=round(talk, 1), hold_seconds=0.0, answered_by=answered_by,
            last_extension=last, parties=tuple(parties), transfers=transfers,
            legs=self._legs(start, answered_at, end, number, last), parked_at_space=None, is_complete=True,
        )  # fmt: skip

    def _legs(
        self, start: datetime, at: datetime | None, end: datetime, number: str, who: str | None
    ) -> tuple[Leg, ...]:
        roles: dict[str, LegRole] = {"trunk-kyivstar": "caller"}
        if who is not None:
            roles[who] = "phone"
        return tuple(
            Leg(
                uniqueid=f"demo-{self._count}.{place}", channel=f"PJSIP/{name}-{self._count:08x}",
                role=role, label=number if role == "caller" else name, started_at=start,
                answered_at=at, ended_at=end,
            )
            for place, (name, role) in enumerate(roles.items())
        )  # fmt: skip

    def _party(
        self, extension: str, rang: datetime | None, answered: datetime | None, left: datetime,
        outcome: PartyOutcome,
    ) -> Party:  # fmt: skip
        return Party(
            extension=extension, number=None, via="phone", name=self._names[extension], rang_at=rang,
            answered_at=answered, left_at=left, outcome=outcome,
        )  # fmt: skip

    def _next_id(self) -> CallId:
        self._count += 1
        return CallId(f"demo-{self._count:04d}")
