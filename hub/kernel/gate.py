"""What of the modules the installed package lets through, besides their pages and operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hub.kernel.manifest import Module
from hub.kernel.plans import load_plans
from hub.kernel.web import CardPart


def card_parts(modules: Sequence[Module], plan: str) -> tuple[CardPart, ...]:
    """The parts of the caller's card that are in the package, in their order."""
    plans = load_plans()
    parts = (p for m in modules for p in m.card if plans.has(plan, p.feature or m.feature))
    return tuple(sorted(parts, key=lambda part: part.order))


def job_gate(modules: Sequence[Module], plan: str) -> Callable[[str], None]:
    """Refuses, by its name, a job that somebody asks for and whose module is not in the package. What
    runs by the clock keeps house and goes on."""
    features = {job.name: module.feature for module in modules for job in module.jobs}
    plans = load_plans()
    return lambda name: plans.demand(plan, features[name])
