"""Every scenario there is, in the order of their numbers."""

from __future__ import annotations

from tests.asterisk.scenarios import faults, groups, missed, outgoing, parking, people, transfers
from tests.asterisk.scenarios.base import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *groups.SCENARIOS,
    *transfers.SCENARIOS,
    *parking.SCENARIOS,
    *missed.SCENARIOS,
    *people.SCENARIOS,
    *outgoing.SCENARIOS,
    *faults.SCENARIOS,
)
