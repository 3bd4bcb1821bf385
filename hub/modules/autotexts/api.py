"""What other modules and pages may ask of automatic messages."""

from __future__ import annotations

from hub.kernel.parts import Composed, Part
from hub.modules.autotexts.rules_recipes import RECIPES, TEXT_BACK
from hub.modules.autotexts.service_reading import LogService
from hub.modules.autotexts.service_rules import RuleService
from hub.modules.autotexts.service_runs import RunService
from hub.modules.autotexts.service_yearly import YearlyService
from hub.modules.autotexts.views import (
    Conditions,
    RehearsedView,
    RuleCounts,
    RuleEntry,
    RuleView,
    RunPage,
    RunReason,
    RunView,
)

__all__ = [
    "RECIPES", "TEXT_BACK", "AutoTextsApi", "Conditions", "RehearsedView", "RuleCounts", "RuleEntry",
    "RuleView", "RunPage", "RunReason", "RunView",
]  # fmt: skip


class AutoTextsApi(Composed):
    """Automatic messages, for one unit of work. `rules` are what the shop has chosen, `runs` what becomes of
    each occurrence, `log` what was decided and what would have been, `yearly` whom birthdays and
    seasons greet today."""

    rules = Part(RuleService)
    runs = Part(RunService)
    log = Part(LogService)
    yearly = Part(YearlyService)
