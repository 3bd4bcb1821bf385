"""Room on the disk, and the journal that may fill it."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.web import Condition, SystemSection
from webui.render import size
from webui.request import Request

SCARCE, CRITICAL = 5_000_000_000, 1_000_000_000
"""Free bytes below which one should look, and below which one must."""


async def look(request: Request, report: SystemReport) -> SystemSection:
    """Free bytes, journal."""
    return SystemSection(
        conditions=(_room(request, report.disk_free_bytes), *_journal(request, report)),
        template="system/disk.html",
        values={"report": report, "keep_days": request.deps.settings.journal.keep_days},
        figures={
            "pitline_disk_free_bytes": report.disk_free_bytes,
            "pitline_journal_bytes": report.journal_bytes,
            "pitline_journal_files": report.journal_files,
            "pitline_journal_up": float(not report.journal_text),
        },
    )


def _room(request: Request, free: int) -> Condition:
    text = request.t("Free on the disk: {size}", size=size(free))
    if free >= SCARCE:
        return Condition(level="good", text=text)
    hint = request.t("Make room: old files of other programs first; the journal can be kept for fewer days.")
    return Condition(level="problem" if free < CRITICAL else "warning", text=text, hint=hint)


def _journal(request: Request, report: SystemReport) -> list[Condition]:
    found: list[Condition] = []
    if report.journal_text:
        said = request.site.texts.heard(request.language, report.journal_text)
        hint = request.t("Calls are followed all the same. Check the disk and who may write to the folder.")
        text = request.t("The journal cannot be written: {reason}", reason=said)
        found.append(Condition(level="problem", text=text, hint=hint))
    if report.journal_dropped:
        text = request.t("Messages that did not get into the journal: {count}", count=report.journal_dropped)
        hint = request.t("The calls themselves are not affected; a replay of that day would miss them.")
        found.append(Condition(level="warning", text=text, hint=hint))
    return found or [Condition(level="good", text=request.t("The journal of the PBX is written."))]
