"""A small model of an exchange: two calls that any of a few people can do anything with.

It knows, without asking the rules, what each phone is really doing, so that tests can compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

from hub.events.calls import CallStateName, Direction, Party, PartyOutcome, Transfer
from hub.modules.desk.rules import FollowedCall
from hub.values import CallId

OUTSIDE = "+380501234567"
MOBILE = "+380671112233"
PHONES = ("101", "111", MOBILE, "102", "105")
HERS = frozenset({"101", "111", MOBILE})
"""Our person has two phones and a mobile; 102 and 105 are colleagues."""

MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
_STRENGTH = ("no_answer", "cancelled", "answered_elsewhere", "busy", "declined", "answered")

Doing = Literal["rings", "talks", "gone"]


@dataclass
class Phone:
    """What one phone does in one call, and what the party's row says of it."""

    doing: Doing
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    left_at: datetime | None = None
    outcome: PartyOutcome | None = None


@dataclass
class ModelCall:
    """A call that is being played."""

    call_id: CallId
    direction: Direction
    began: datetime
    caller: str | None = None
    state: CallStateName = "ringing"
    phones: dict[str, Phone] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    answered_at: datetime | None = None
    changed_at: datetime = MORNING
    last: str | None = None
    is_held: bool = False

    def who(self, doing: Doing) -> list[str]:
        return [key for key, phone in self.phones.items() if phone.doing == doing]

    def followed(self) -> FollowedCall:
        return FollowedCall(
            call_id=self.call_id,
            direction=self.direction,
            state=self.state,
            from_number=self.caller or OUTSIDE,
            started_at=self.began,
            answered_at=self.answered_at,
            ended_at=self.changed_at if self.state == "ended" else None,
            changed_at=self.changed_at,
            last_extension=self.last,
            parties=tuple(_party(key, phone) for key, phone in self.phones.items()),
            transfers=tuple(self.transfers),
        )


def _party(key: str, phone: Phone) -> Party:
    is_mobile = key.startswith("+")
    return Party(
        extension=None if is_mobile else key,
        number=key if is_mobile else None,
        via="mobile" if is_mobile else "phone",
        name=None,
        rang_at=phone.rang_at,
        answered_at=phone.answered_at,
        left_at=phone.left_at,
        outcome=phone.outcome,
    )


Move = tuple[str, Callable[[], None]]


class Exchange:
    """Plays calls; `moves` are all the things that may happen next."""

    def __init__(self) -> None:
        self.now = MORNING
        self.calls: list[ModelCall] = []

    def moves(self) -> list[Move]:
        found: list[Move] = [
            ("a minute passes", partial(self.wait, 61)),
            ("seconds pass", partial(self.wait, 3)),
        ]
        if len(self.calls) < 3:
            found.append(("a caller dials", partial(self._begin, "inbound", None)))
            for phone in ("101", "102"):
                if not self._is_talking(phone):
                    found.append((f"{phone} dials out", lambda p=phone: self._begin("outbound", p)))
                    found.append((f"{phone} dials a colleague", lambda p=phone: self._begin("internal", p)))
        for call in self.calls:
            if call.state != "ended":
                found += self.moves_of(call)
        return found

    def play(self, *wanted: str, call: int = -1) -> ModelCall:
        """Play moves by name, on the newest call or the one that is named."""
        for name in wanted:
            moves = dict(self.moves())
            if self.calls and name != "a caller dials":
                moves.update(self.moves_of(self.calls[call]))
            moves[name]()
        return self.calls[call]

    def followed(self) -> list[FollowedCall]:
        return [call.followed() for call in self.calls]

    def moves_of(self, call: ModelCall) -> list[Move]:
        found: list[Move] = [("hang up", partial(self.hang_up, call))]
        talks, rings = call.who("talks"), call.who("rings")
        idle = [p for p in PHONES if p not in talks and p not in rings and p != call.caller]
        if call.direction == "inbound" and not talks and call.state in ("ringing", "queued"):
            found += [(f"{p} rings", partial(self._ring, call, p)) for p in idle]
        found += [
            (f"{p} declines", partial(self._stop, call, p, "declined")) for p in rings if p != call.caller
        ]
        if call.direction == "outbound" and call.state == "ringing" and not call.transfers:
            found.append(("the other side answers", partial(self._outside_answers, call)))
        else:
            found += [
                (f"{p} answers", partial(self._answer, call, p))
                for p in rings
                if p != call.caller and not self._is_talking(p)
            ]
        if talks and call.direction != "internal":
            found += self.__moves_of_talk(call, talks[-1], idle)
        if call.state == "parked":
            found += [
                (f"{p} fetches it", partial(self._fetch, call, p)) for p in idle if not self._is_talking(p)
            ]
            found.append(
                ("nobody fetches it", partial(self._ring, call, call.transfers[-1].from_extension or "101"))
            )
        return found

    def __moves_of_talk(self, call: ModelCall, who: str, idle: list[str]) -> list[Move]:
        found: list[Move] = [
            ("hold", partial(self._hold, call, True)),
            ("resume", partial(self._hold, call, False)),
        ]
        if not call.who("rings"):
            found.append(("park", partial(self._park, call, who)))
            for to in idle:
                found.append((f"blind to {to}", partial(self._blind, call, who, to)))
                found.append((f"{to} is consulted", partial(self._consult, call, to)))
        if len(call.who("talks")) > 1:
            found.append(("hand over", partial(self._hand_over, call)))
        return found

    def _is_talking(self, phone: str) -> bool:
        """A phone talks in one call at a time: the earlier one is on hold."""
        return any(phone in c.who("talks") and not c.is_held for c in self.calls if c.state != "ended")

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _begin(self, direction: Direction, caller: str | None) -> None:
        self.wait(0.5)
        call = ModelCall(CallId(f"c{len(self.calls)}"), direction, self.now, caller)
        self.calls.append(call)
        if caller is not None:
            call.phones[caller] = Phone("rings")
        if direction == "internal":
            self._ring(call, "105")
        self._touch(call)

    def _ring(self, call: ModelCall, phone: str) -> None:
        self.wait(0.5)
        row = call.phones.setdefault(phone, Phone("rings", rang_at=self.now))
        row.doing, row.left_at, row.outcome = "rings", None, None
        row.rang_at = row.rang_at or self.now
        self._touch(call)

    def _stop(self, call: ModelCall, phone: str, outcome: PartyOutcome) -> None:
        row = call.phones[phone]
        row.doing, row.left_at = "gone", self.now
        row.outcome = "answered" if row.answered_at else outcome
        self._touch(call)

    def _answer(self, call: ModelCall, phone: str) -> None:
        self.wait(0.5)
        row = call.phones[phone]
        row.doing, row.outcome = "talks", "answered"
        row.answered_at = row.answered_at or self.now
        call.answered_at = call.answered_at or self.now
        call.last = phone
        for other in call.who("rings"):
            if other == call.caller:
                self._talk_begins(call, other)
            else:
                self._stop(call, other, "answered_elsewhere")
        self._touch(call)

    def _talk_begins(self, call: ModelCall, phone: str) -> None:
        row = call.phones[phone]
        row.doing, row.outcome, row.answered_at = "talks", "answered", self.now

    def _outside_answers(self, call: ModelCall) -> None:
        self.wait(0.5)
        call.answered_at = self.now
        self._talk_begins(call, call.who("rings")[0])
        self._touch(call)

    def _hold(self, call: ModelCall, is_held: bool) -> None:
        talks = call.who("talks")
        if not is_held and any(self._is_talking(p) for p in talks if call.is_held):
            return
        call.is_held = is_held
        self._touch(call)

    def _park(self, call: ModelCall, who: str) -> None:
        self.wait(0.5)
        for phone in call.who("talks"):
            self._stop(call, phone, "answered")
        call.transfers.append(Transfer(at=self.now, kind="park", from_extension=who, to="701"))
        call.is_held = False
        self._touch(call)

    def _fetch(self, call: ModelCall, phone: str) -> None:
        self._ring(call, phone)
        self._answer(call, phone)

    def _blind(self, call: ModelCall, who: str, to: str) -> None:
        self.wait(0.5)
        for phone in call.who("talks"):
            self._stop(call, phone, "answered")
        call.is_held = False
        call.transfers.append(Transfer(at=self.now, kind="blind", from_extension=who, to=to))
        self._ring(call, to)

    def _consult(self, call: ModelCall, to: str) -> None:
        call.is_held = True
        self._ring(call, to)

    def _hand_over(self, call: ModelCall) -> None:
        self.wait(0.5)
        giver, taker = call.who("talks")[:2]
        self._stop(call, giver, "answered")
        call.transfers.append(Transfer(at=self.now, kind="attended", from_extension=giver, to=taker))
        call.is_held, call.last = False, taker
        self._touch(call)

    def hang_up(self, call: ModelCall) -> None:
        if call.state == "ended":
            return
        self.wait(0.5)
        for phone in call.who("rings") + call.who("talks"):
            self._stop(call, phone, "cancelled")
        call.state = "ended"
        call.changed_at = self.now

    def _touch(self, call: ModelCall) -> None:
        call.changed_at = self.now
        if call.who("talks"):
            call.state = "on_hold" if call.is_held else "talking"
        elif call.transfers and call.transfers[-1].kind == "park" and not call.who("rings"):
            call.state = "parked"
        else:
            call.state = "ringing"
