"""What calls tells /system: when the line to the PBX was away, so that calls may be missing."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.web import Condition, PageRequest, SystemSection
from hub.modules.calls.api import CallsApi

DAYS = 7
_DAY = timedelta(days=1)
_SHORT = timedelta(minutes=5)


async def outages(request: PageRequest) -> SystemSection:
    """The outages of the last seven days, newest first; one that goes on is told by the connection."""
    now = request.deps.clock.now()
    gaps = await request.apis.of(CallsApi).gaps(now - DAYS * _DAY, None)
    lost = [gap for gap in gaps if gap.kind == "lost"]
    away = sum(((gap.ended_at or now) - max(gap.began_at, now - DAYS * _DAY) for gap in lost), timedelta())
    figures = {
        "pitline_outages_week": float(len(lost)),
        "pitline_outage_seconds_week": away.total_seconds(),
    }
    if not gaps:
        text = request.t("The PBX was followed without a gap.")
        return SystemSection(conditions=(Condition(level="good", text=text),), figures=figures)
    is_fresh = any(gap.ended_at is None or now - gap.ended_at < _DAY for gap in gaps)
    condition = Condition(
        level="warning" if is_fresh and away > _SHORT else "good",
        text=request.t("Times in which calls may be missing from the history: {count}", count=len(gaps)),
        hint=request.t(
            "Look at the PBX's own list for these times. If it happens often, look at the network."
        ),
    )
    return SystemSection(
        conditions=(condition,), template="calls/system_outages.html", values={"gaps": gaps}, figures=figures
    )
