"""Backups and quarantine on /system."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from hub.kernel.backup.keeping import BackupRun, Backups
from hub.kernel.web import Condition, PageRequest, SystemSection
from hub.modules.backup import jobs
from hub.modules.backup.rules import next_due


async def backups(request: PageRequest) -> SystemSection:
    """The last ones, the next one, and whether anybody should worry."""
    kept = request.deps.backups
    if kept is None:
        return SystemSection()
    runs, proved = await kept.last(5), await kept.last_proved()
    settings, now = request.deps.settings, request.deps.clock.now()
    due = next_due(now, settings.backup.at, ZoneInfo(settings.shop.timezone)) if settings.backup.at else None
    current = None
    if request.deps.jobs is not None:
        recent = await request.deps.jobs.recent(request.uow, jobs.make_backup, limit=1)
        current = next((run for run in recent if run.is_open), None)
    age = (now - proved.started_at).total_seconds() if proved is not None else -1.0
    return SystemSection(
        conditions=tuple(_conditions(request, runs, proved, timedelta(hours=settings.backup.alarm_hours))),
        template="backup/part.html",
        values={
            "runs": runs, "present": await kept.present(runs), "next_at": due,
            "folder": settings.backup.folder, "current": current,
            "is_encrypted": bool(settings.backup.passphrase), "is_same_disk": _is_same_disk(kept),
        },
        figures={
            "pitline_backup_age_seconds": age,
            "pitline_backup_bytes": float(proved.bytes if proved is not None else 0),
            "pitline_backup_failed": float(bool(runs) and _is_bad(runs[0])),
        },
    )  # fmt: skip


async def quarantine(request: PageRequest) -> SystemSection:
    """What waits since a restore, and how it is released. Nothing where nothing is held back."""
    held = request.deps.quarantine
    state = await held.state() if held is not None else None
    if held is None or state is None:
        return SystemSection(figures={"pitline_quarantine": 0.0})
    waiting = await held.waiting()
    condition = Condition(
        level="problem",
        text=request.t("Nothing is sent: this system was restored from a backup."),
        hint=request.t("Look at what waits below, then release it."),
        since=state.begun_at,
    )
    return SystemSection(
        conditions=(condition,),
        template="backup/quarantine.html",
        values={"state": state, "waiting": waiting},
        figures={"pitline_quarantine": 1.0},
    )


def _is_bad(run: BackupRun) -> bool:
    return run.state == "failed" or run.rehearsal == "failed"


def _conditions(
    request: PageRequest, runs: list[BackupRun], proved: BackupRun | None, patience: timedelta
) -> list[Condition]:
    found: list[Condition] = []
    last = next((run for run in runs if run.state != "running"), None)
    if last is not None and _is_bad(last):
        text = request.t("The last backup failed: {reason}", reason=request.t(last.trouble))
        if last.rehearsal == "failed":
            text = request.t("The last backup failed its rehearsal: {reason}", reason=request.t(last.trouble))
        hint = request.t("Mend the reason, then press Back up now.")
        found.append(Condition(level="problem", text=text, hint=hint, since=last.started_at))
    if proved is None:
        if not found:
            text = request.t("There is no backup yet.")
            hint = request.t("The first one is made by itself; or press Back up now.")
            found.append(Condition(level="idle", text=text, hint=hint))
    elif request.deps.clock.now() - proved.started_at > patience:
        text = request.t("The last good backup is too old.")
        hint = request.t("Press Back up now, and look why the nightly one does not come.")
        found.append(Condition(level="problem", text=text, hint=hint, since=proved.started_at))
    elif not found:
        text = request.t("The last backup was put back on trial, and everything was there.")
        found.append(Condition(level="good", text=text, since=proved.started_at))
    return found


def _is_same_disk(kept: Backups) -> bool:
    """Whether one broken disk takes both."""
    database, folder = kept.database_file, kept.folder
    try:
        return database is not None and database.stat().st_dev == folder.stat().st_dev
    except OSError:
        return False
