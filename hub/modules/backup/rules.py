"""When a backup is due. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.kernel.backup.keeping import BackupRun

TRY_AGAIN = timedelta(hours=1)
"""After a failure; a full disk must not be filled every five minutes."""


def last_due(now: datetime, at: str, zone: ZoneInfo) -> datetime:
    """The last time that the clock of the shop showed `HH:MM`."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), time.fromisoformat(at), zone)
    due = today if today <= local else datetime.combine(local.date() - timedelta(days=1), today.time(), zone)
    return due.astimezone(ZoneInfo("UTC"))


def next_due(now: datetime, at: str, zone: ZoneInfo) -> datetime:
    """The next time."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), time.fromisoformat(at), zone)
    due = today if today > local else datetime.combine(local.date() + timedelta(days=1), today.time(), zone)
    return due.astimezone(ZoneInfo("UTC"))


def is_due(now: datetime, at: str, zone: ZoneInfo, runs: Sequence[BackupRun]) -> bool:
    """Whether one should be taken now: a time that was slept through is made up for once. `runs`: the
    last ones, newest first."""
    if not at:
        return False
    since = last_due(now, at, zone)
    if any(run.started_at >= since and run.state == "done" for run in runs):
        return False
    return not any(run.state == "failed" and now - run.started_at < TRY_AGAIN for run in runs)
