"""The intake of recordings on /system and in /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from hub.errors import HubError
from hub.kernel.context import Deps
from hub.kernel.web import Condition, PageRequest, SystemSection
from recordings.api import RecordingsApi, SpoolFileView
from recordings.audio.speech import trouble_of
from recordings.spool import away
from recordings.store import store_of, trouble

LITTLE = 1024**3
_NEWS = timedelta(days=7)
REASONS = (
    ("spool.link", "It is a link to another file.", "Put the file itself there."),
    ("spool.hard_link", "The same file has a second name.", "Put a copy there."),
    ("spool.device", "It is no file but a device or a pipe.", "Remove it from the folder."),
    ("spool.long_name", "Its path is too long.", "Shorten the names of files and folders."),
    ("spool.bad_name", "Its name could lead elsewhere.", "Name it with letters, digits, dots and dashes."),
    ("spool.too_big", "It is bigger than 4 GB.", "Nobody talks for so long: look what it is."),
    ("spool.foreign_format", "It is no sound that we know.", "WAV, MP3, Ogg and FLAC are taken."),
    ("spool.foreign_codec", "Its codec is unknown.", "Let the PBX record WAV."),
    ("spool.no_header", "It does not say what it holds.", "Let the PBX record WAV."),
    ("spool.hopeless", "It broke the intake again and again.", "Keep it and tell who looks after Pitline."),
    ("spool.eacces", "It may not be read.", "Give Pitline's user the right to read the files of the PBX."),
    ("spool.waits", "It cannot be taken in at present.", "It is tried again by itself."),
)  # fmt: skip
"""What is said of a file by its code."""


async def intake(request: PageRequest) -> SystemSection:
    """Whether recordings are taken in, what waits and what was refused."""
    spool = request.apis.of(RecordingsApi).spool
    counts, last, troubled = await spool.counts(), await spool.last_taken(), await spool.troubled(20)
    folder = request.deps.settings.recordings.spool
    is_there, free = await asyncio.to_thread(_state, folder, request.deps)
    now = request.deps.clock.now()
    conditions = [*_of_disks(request, folder, is_there, free)]
    model = request.deps.settings.recordings.speech_model
    if model and (deaf := await asyncio.to_thread(trouble_of, Path(model))) is not None:
        conditions.append(_problem(request, deaf))
    stuck = await spool.stuck_since()
    if stuck is not None:
        text = request.t("A recording is being taken in for more than a minute: a disk is slow, or hangs.")
        hint = request.t("Check the disk of the recordings and the PBX's folder; calls go on meanwhile.")
        conditions.append(Condition(level="problem", text=text, hint=hint, since=stuck))
    fresh = [one for one in troubled if one.state == "refused" and now - one.seen_at < _NEWS]
    waiting = [one for one in troubled if one.state == "failed"]
    if waiting:
        text = request.t("Recordings wait to be taken in: {count}.", count=counts.get("failed", 0))
        conditions.append(Condition(level="problem", text=text, since=waiting[-1].seen_at))
    if fresh:
        text = request.t("Files of the last week are no recordings that we take: {count}.", count=len(fresh))
        conditions.append(Condition(level="warning", text=text, since=fresh[0].seen_at))
    if folder and not any(one.level == "problem" for one in conditions):
        conditions.insert(0, Condition(level="good", text=request.t("Recordings are taken in."), since=last))
    return SystemSection(
        conditions=tuple(conditions),
        template="recordings/part.html" if troubled else "",
        values={"files": [(one, *_reason(request, one)) for one in troubled]},
        figures={
            "pitline_recordings_spool_up": float(is_there),
            "pitline_recordings_waiting": float(counts.get("failed", 0)),
            "pitline_recordings_refused": float(counts.get("refused", 0)),
            "pitline_recordings_taken_age_seconds": (now - last).total_seconds() if last else -1.0,
            "pitline_recordings_store_free_bytes": float(free),
        },
    )


def _state(folder: str, deps: Deps) -> tuple[bool, int]:
    try:
        free = store_of(deps).free_bytes()
    except HubError:
        free = -1
    try:
        is_there = bool(folder) and sum(1 for _ in Path(folder).iterdir()) >= 0
    except OSError:
        is_there = False
    return is_there, free


def _of_disks(request: PageRequest, folder: str, is_there: bool, free: int) -> Iterator[Condition]:
    if not folder:
        text = request.t("No recordings are taken in: the PBX's folder is not set.")
        hint = request.t("Set HUB_RECORDINGS__SPOOL to the folder that the PBX records into.")
        yield Condition(level="idle", text=text, hint=hint)
    elif not is_there:
        yield _problem(request, away(""))
    if free < 0:
        yield _problem(request, trouble(OSError()))
    elif free < LITTLE:
        text = request.t("The disk of the recordings is almost full.")
        hint = request.t("Free some space, or keep recordings for fewer days.")
        yield Condition(level="warning", text=text, hint=hint)


def _problem(request: PageRequest, error: HubError) -> Condition:
    return Condition(level="problem", text=request.t(error.text), hint=request.t(error.hint))


def _reason(request: PageRequest, file: SpoolFileView) -> tuple[str, str]:
    known = {code.partition(".")[2]: (text, hint) for code, text, hint in REASONS}
    text, hint = known.get(file.code.removeprefix("spool."), known["waits"])
    return request.t(text), request.t(hint)
