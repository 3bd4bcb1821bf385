"""What consents' tests do: record, ask, hear, with handlers that run twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.clock import FrozenClock
from hub.modules.consents.api import (
    ConsentEntry,
    ConsentsApi,
    ConsentView,
    EntryView,
    Sending,
    Subject,
    Verdict,
)
from tests.modules.messaging.wire import IRYNA, House

PAPER: dict[str, Any] = {"form": "signature", "evidence": "folder 3, sheet 12", "source": "front desk"}


async def record(house: House, subject: Subject, act: Any = "granted", **more: Any) -> EntryView:
    """A paper that says so, unless something else is given."""
    values = {"topic": "marketing", "act": act, **PAPER, **more}
    async with house.uow() as uow:
        return await ConsentsApi(uow, house.hub.installation.deps).ledger.record(
            ConsentEntry(subject=subject, **values)
        )


async def standing(house: House, **subject: Any) -> ConsentView:
    async with house.uow() as uow:
        return await ConsentsApi(uow, house.hub.installation.deps).ledger.read(Subject(**subject))


async def asked(house: House, purpose: Any = "marketing", **more: Any) -> Verdict:
    """May it be sent to Iryna by SMS, unless it says something else?"""
    values = {"channel": "sms", "address": IRYNA, **more}
    async with house.uow() as uow:
        return await ConsentsApi(uow, house.hub.installation.deps).may_send(
            Sending(purpose=purpose, **values)
        )


def at(text: str) -> datetime:
    """A moment, `2026-01-05T10:00+02:00`."""
    return datetime.fromisoformat(text)


def moved(clock: FrozenClock, moment: datetime) -> None:
    """The clock stands there now."""
    clock.advance((moment - clock.now()).total_seconds())


NOON = at("2026-01-05T12:00+02:00")
