"""A call told fact by fact, as the tracker would tell it, into the intake of a running hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hub.clock import Clock
from hub.events.calls import (
    CallAnswered,
    CallChanged,
    CallEnded,
    CallFact,
    CallHeld,
    CallMerged,
    CallResult,
    CallResumed,
    CallRinging,
    CallSnapshot,
    CallStarted,
    CallTransferred,
    Direction,
    Party,
    PartyOutcome,
    Transfer,
    TransferKind,
)  # fmt: skip
from hub.ports.intake import Arrival, Intake
from hub.values import CallId

LINE = "+380445003040"


class Telling:
    """One call. Every method is one fact, accepted and stored when it returns."""

    def __init__(
        self, intake: Intake, clock: Clock, name: str, from_number: str | None, *, line: str = LINE,
        direction: Direction = "inbound", to_number: str | None = None, caller_name: str | None = None,
        queue: str | None = None,
    ) -> None:  # fmt: skip
        self._intake = intake
        self._clock = clock
        self._step = 0
        inbound = direction == "inbound"
        self.call = CallSnapshot(
            call_id=CallId(name), direction=direction, from_number=from_number,
            to_number=line if inbound else to_number, caller_name=caller_name,
            dialled=line if inbound else None, trunk="trunk-main" if direction != "internal" else None,
            queue=queue, state="queued" if queue else "ringing", result=None, missed_reason=None,
            started_at=clock.now(), queued_at=clock.now() if queue else None, offered_at=None,
            answered_at=None, ended_at=None, wait_seconds=None, talk_seconds=0.0, hold_seconds=0.0,
            answered_by=None, last_extension=None, parties=(), transfers=(), legs=(), parked_at_space=None,
            is_complete=True,
        )  # fmt: skip

    async def begins(self) -> None:
        await self._tell(CallStarted)

    async def rings(self, *whom: str) -> None:
        """Phones begin to ring; those who are in the call already ring again."""
        for who in whom:
            known = next((p for p in self.call.parties if _who(p) == who), None)
            again = known and replace(known, left_at=None, outcome=None)
            self._put(again or _party(who, rang_at=self._now))
        await self._tell(CallRinging, offered_at=self.call.offered_at or self._now)

    async def stops_ringing(self, who: str, outcome: PartyOutcome) -> None:
        self._leave(who, outcome)
        await self._tell(CallChanged)

    async def answered_by(self, who: str) -> None:
        """A person of ours answers; every other phone that rang stops."""
        self._join(who)
        for party in self.call.parties:
            if party.outcome is None:
                self._leave(_who(party), "answered_elsewhere")
        await self._tell(
            CallAnswered, state="talking", answered_at=self.call.answered_at or self._now,
            answered_by=self.call.answered_by or who, last_extension=who, parked_at_space=None,
        )  # fmt: skip

    async def dials_out(self, who: str) -> None:
        self._put(_party(who))
        await self._tell(CallStarted)

    async def other_side_answers(self) -> None:
        for party in self.call.parties:
            self._join(_who(party))
        who = _who(self.call.parties[0])
        await self._tell(
            CallAnswered, state="talking", answered_at=self._now, answered_by=who, last_extension=who
        )

    async def is_held(self) -> None:
        await self._tell(CallHeld, state="on_hold")

    async def is_resumed(self) -> None:
        await self._tell(CallResumed, state="talking")

    async def is_consulted(self, who: str) -> None:
        """A colleague's phone rings while the caller hears music."""
        await self.is_held()
        await self.rings(who)

    async def is_handed_over(self, giver: str, taker: str, kind: TransferKind = "attended") -> None:
        self._leave(giver, "answered")
        self._join(taker)
        await self._tell(
            CallTransferred,
            state="talking",
            last_extension=taker,
            transfers=self._transferred(kind, giver, taker),
        )

    async def is_sent_to(self, giver: str, taker: str) -> None:
        """A blind transfer: the taker's phone rings, nobody talks."""
        self._leave(giver, "answered")
        await self._tell(CallTransferred, state="ringing", transfers=self._transferred("blind", giver, taker))
        await self.rings(taker)

    async def is_parked(self, giver: str, space: str = "701") -> None:
        self._leave(giver, "answered")
        await self._tell(
            CallTransferred, state="parked", parked_at_space=space,
            transfers=self._transferred("park", giver, space),
        )  # fmt: skip

    async def ends(self, result: CallResult = "answered") -> None:
        for party in self.call.parties:
            if party.left_at is None:
                self._leave(_who(party), "cancelled" if party.answered_at is None else "answered")
        reason = "rang_out" if result in ("missed", "short_abandon") else None
        await self._tell(CallEnded, state="ended", result=result, missed_reason=reason, ended_at=self._now)

    @property
    def _now(self) -> datetime:
        return self._clock.now()

    def _put(self, party: Party) -> None:
        others = [p for p in self.call.parties if _who(p) != _who(party)]
        self.call = replace(self.call, parties=(*others, party))

    def _join(self, who: str) -> None:
        known = next((p for p in self.call.parties if _who(p) == who), _party(who, rang_at=self._now))
        self._put(
            replace(known, answered_at=known.answered_at or self._now, left_at=None, outcome="answered")
        )

    async def becomes_part_of(self, other: Telling) -> None:
        """The PBX tied it to another call, which goes on."""
        self._step += 1
        call_id = self.call.call_id
        event = CallMerged(step=self._step, call_id=call_id, into_call_id=other.call.call_id)
        await tell(self._intake, self._clock, [(f"{call_id}:{self._step}", event)])

    def _leave(self, who: str, outcome: PartyOutcome) -> None:
        known = next(p for p in self.call.parties if _who(p) == who)
        strongest: PartyOutcome = "answered" if known.answered_at else outcome
        self._put(replace(known, left_at=self._now, outcome=strongest))

    def _transferred(self, kind: TransferKind, giver: str, to: str) -> tuple[Transfer, ...]:
        return (*self.call.transfers, Transfer(at=self._now, kind=kind, from_extension=giver, to=to))

    async def _tell(self, fact: type[CallFact], **changed: Any) -> None:
        self._step += 1
        self.call = replace(self.call, **changed)
        event = fact(step=self._step, call=self.call)
        await tell(self._intake, self._clock, [(f"{self.call.call_id}:{self._step}", event)])


async def tell(intake: Intake, clock: Clock, facts: Sequence[tuple[str, CallFact | CallMerged]]) -> None:
    await intake.accept(
        [
            Arrival(source="told", external_id=external_id, occurred_at=clock.now(), event=event)
            for external_id, event in facts
        ]
    )


def _who(party: Party) -> str:
    return party.extension or party.number or ""


def _party(who: str, *, rang_at: datetime | None = None) -> Party:
    is_mobile = who.startswith("+")
    return Party(
        extension=None if is_mobile else who, number=who if is_mobile else None,
        via="mobile" if is_mobile else "phone", name=None, rang_at=rang_at, answered_at=None, left_at=None,
        outcome=None,
    )  # fmt: skip
