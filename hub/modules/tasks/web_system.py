"""What tasks tells /system and /metrics: who waits for our call for too long."""

from __future__ import annotations

from hub.kernel.web import Condition, PageRequest, SystemSection
from hub.modules.tasks.api import TasksApi


async def waiting(request: PageRequest) -> SystemSection:
    """Of every shop: the figures, and a warning when a superior had to be told."""
    counts, now = await request.apis.of(TasksApi).reading.counts(None), request.deps.clock.now()
    oldest = (now - counts.oldest_at).total_seconds() if counts.oldest_at is not None else 0.0
    figures = {
        "pitline_tasks_open": float(counts.open),
        "pitline_tasks_late": float(counts.late),
        "pitline_tasks_escalated": float(counts.escalated),
        "pitline_tasks_oldest_seconds": max(0.0, oldest),
        "pitline_misses_short_today": float(counts.soft),
        "pitline_misses_withheld_today": float(counts.withheld),
    }
    if counts.escalated:
        condition = Condition(
            level="warning",
            text=request.t("Callers who wait far too long for a call back: {count}", count=counts.escalated),
            hint=request.t("Look at the tasks: somebody should call them now."),
            since=counts.oldest_at,
        )
    else:
        condition = Condition(level="good", text=request.t("Nobody waits too long for a call back."))
    return SystemSection(conditions=(condition,), figures=figures)
