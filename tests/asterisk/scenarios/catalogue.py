"""Every scenario there is, in the order of their numbers."""

from __future__ import annotations

from tests.asterisk.scenarios import (
    faults,
    further,
    gaps,
    groups,
    missed,
    odd,
    outgoing,
    parking,
    people,
    through_queues,
    transfers,
)
from tests.asterisk.scenarios.base import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *groups.SCENARIOS,
    *transfers.SCENARIOS,
    *parking.SCENARIOS,
    *missed.SCENARIOS,
    *people.SCENARIOS,
    *outgoing.SCENARIOS,
    *faults.SCENARIOS,
    *through_queues.SCENARIOS,
    *further.SCENARIOS,
    *gaps.SCENARIOS,
    *odd.SCENARIOS,
)
