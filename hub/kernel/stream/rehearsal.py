"""The hot path run on made-up facts and undone, before the first real one: what is compiled, loaded and
cached at its first use (a statement takes up to 18 ms, the numbers of a country as long) is there then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

import phonenumbers
from sqlalchemy import Connection

from hub.events.base import Event
from hub.events.calls import CallEnded, CallFact, CallRinging, CallSnapshot, CallStarted
from hub.kernel.stream.batch import Stumbled
from hub.kernel.stream.hotpath import HotPath
from hub.kernel.stream.outbox import Fact, Outbox
from hub.kernel.stream.samples import sample_of
from hub.values import CallId, ShopId, normalise_number

_CROWDS = (1, 2, 3, 5, 9, 17)
"""Statements over lists are compiled for 1, 2, 4, 8, 16 and 32."""

_SHORTEST_LINE = 100
"""A number as short as this is looked for in the plans of several countries."""


class Rehearsal:
    """Call `run` inside a writing transaction, and undo that."""

    def __init__(
        self, hot: HotPath, outbox: Outbox, events: Sequence[type[Event]], shop: ShopId, country: str
    ) -> None:
        self._hot = hot
        self._outbox = outbox
        self._events = events
        self._shop = shop
        self._country = country

    def run(self, connection: Connection, now: datetime) -> None:
        """Every fact once, as the relay handles it; then lives of calls, as intake does."""
        samples = [sample_of(event) for event in self._events]
        self._outbox.store(connection, [self._outbox.row(fact) for fact in self._facts(samples, now)])
        self._hot.run(connection)
        for batch in self._lives(now):
            facts = self._facts(batch, now)
            try:
                self._hot.take(connection, facts, [self._outbox.row(fact) for fact in facts])
            except Stumbled:  # the handler was named when it was run by itself
                return

    def _facts(self, events: Sequence[Event], now: datetime) -> list[Fact]:
        return [self._outbox.fact(event, occurred_at=now, shop_id=self._shop) for event in events]

    def _lives(self, now: datetime) -> Iterator[list[CallFact]]:
        numbers = count(1)
        knows_calls = {CallStarted, CallRinging, CallEnded}.issubset(self._events)
        for crowd in _CROWDS if knows_calls else ():
            calls = [self._call(next(numbers), now) for _ in range(crowd)]
            yield [CallStarted(step=1, call=replace(call, parties=(), state="ringing")) for call in calls]
            yield [CallRinging(step=2, call=replace(call, state="ringing")) for call in calls]
            yield [CallEnded(step=3, call=replace(call, state="ended", result="missed")) for call in calls]

    def _call(self, number: int, now: datetime) -> CallSnapshot:
        example = phonenumbers.example_number_for_type(self._country, phonenumbers.PhoneNumberType.MOBILE)
        national = (example.national_number if example is not None else None) or 0
        line = str(_SHORTEST_LINE + number)
        caller = f"+{phonenumbers.country_code_for_region(self._country)}{national + number}"
        return replace(
            sample_of(CallStarted).call,
            call_id=CallId(f"rehearsal {number}"), direction="inbound", started_at=now, offered_at=now,
            from_number=normalise_number(caller, self._country),
            to_number=normalise_number(line, self._country), dialled=line,
        )  # fmt: skip
