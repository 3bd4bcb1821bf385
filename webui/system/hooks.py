"""What providers send us: whether it is taken, and what is refused or cannot be read."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.context import SystemReport
from hub.kernel.hooks.inbox import HookCounters
from hub.kernel.hooks.refused import HookState
from hub.kernel.web import Condition, SystemSection
from webui.request import Request

SLOW = timedelta(seconds=60)
RECENT = timedelta(days=1)


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """Nothing to see where no provider is set up."""
    installation = request.site.installation
    inbox = installation.hooks
    nothing = HookState(waiting=0, failed=0, refused=0, oldest=None, newest_refused=None)
    state = await installation.refused_hooks.state() if inbox.hooks else nothing
    figures = _figures(state, inbox.counters)
    if not inbox.hooks:
        return SystemSection(figures=figures)
    conditions = _conditions(request, state)
    return SystemSection(
        conditions=conditions, template="system/hooks.html", values={"state": state}, figures=figures
    )


def _figures(state: HookState, counters: HookCounters) -> dict[str, float]:
    return {
        "pitline_hooks_waiting": float(state.waiting),
        "pitline_hooks_failed": float(state.failed),
        "pitline_hooks_quarantined": float(state.refused),
        "pitline_hooks_taken_total": float(counters.genuine),
        "pitline_hooks_repeated_total": float(counters.repeats),
        "pitline_hooks_refused_total": float(counters.refused),
        "pitline_hooks_turned_away_total": float(counters.turned_away),
    }


def _conditions(request: Request, state: HookState) -> tuple[Condition, ...]:
    t, now, found = request.t, request.deps.clock.now(), []
    trouble = request.site.installation.hooks.trouble
    if trouble is not None:
        text = t("What providers send waits for the database: {reason}", reason=t(trouble.text))
        found.append(Condition(level="problem", text=text, hint=t(trouble.hint)))
    if state.oldest is not None and now - state.oldest > SLOW:
        text = t("Requests of providers wait to be worked on: {count}", count=state.waiting)
        found.append(Condition(level="problem", text=text, since=state.oldest))
    if state.failed:
        text = t("Requests of providers that Pitline could not read: {count}", count=state.failed)
        hint = t("They are kept. Make the support bundle; a newer version may read them.")
        found.append(Condition(level="problem", text=text, hint=hint))
    if state.newest_refused is not None and now - state.newest_refused < RECENT:
        text = t("Requests that were refused as forged: {count}", count=state.refused)
        hint = t("If they are genuine, a setting is wrong: the reasons say which.")
        found.append(Condition(level="warning", text=text, hint=hint, since=state.newest_refused))
    return tuple(found) or (Condition(level="good", text=t("What providers send is taken.")),)
