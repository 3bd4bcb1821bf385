"""What is kept of a recording in the store, and what must not stay there. It blocks: call it in a thread."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from hub.ports.storage import Storage
from recordings.rules import key_of
from recordings.service_taking import KeptFile, Taken
from recordings.store import trouble
from recordings.views import RenditionKind

_CHUNK = 1 << 20
_LEFT_BEHIND = 2 * 3600.0
"""A file that nobody has written to for so long is nobody's work any more."""


def keep(store: Storage, taken: Taken, sound: Path) -> Sequence[KeptFile]:
    """Put the original and its waveform into the store, durably; `sound` is not there any more then."""
    kept = [put(store, taken, "original", sound, taken.sound.suffix, taken.sound.content_type)]
    if taken.sound.peaks is not None:
        aside = sound.with_suffix(".peaks")
        try:
            aside.write_bytes(taken.sound.peaks.packed())
        except OSError as error:
            raise trouble(error) from error
        kept.append(put(store, taken, "peaks", aside, ".peaks", "application/octet-stream"))
    return kept


def put(
    store: Storage, taken: Taken, kind: RenditionKind, file: Path, suffix: str, content_type: str
) -> KeptFile:
    """One file into the store."""
    key = key_of(taken.recording_id, taken.ended_at, suffix)
    size, sha256 = measured(file)
    store.put(key, file)
    return KeptFile(kind=kind, key=key, content_type=content_type, size=size, sha256=sha256)


def measured(file: Path) -> tuple[int, str]:
    """Size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def swept_workroom(store: Storage, older: float = _LEFT_BEHIND) -> int:
    """Remove what a kill left unfinished, if nobody has written to it for so long. How many files."""
    gone, now = 0, time.time()
    for path in store.workroom().iterdir():
        try:
            if now - path.lstat().st_mtime >= older:
                path.unlink()
                gone += 1
        except FileNotFoundError:
            continue
    return gone
