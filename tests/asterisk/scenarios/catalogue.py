"""Every scenario there is, in the order of their numbers."""

from __future__ import annotations

from tests.asterisk.scenarios import groups, missed, parking, transfers
from tests.asterisk.scenarios.base import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *groups.SCENARIOS,
    *transfers.SCENARIOS,
    *parking.SCENARIOS,
    *missed.SCENARIOS,
)
