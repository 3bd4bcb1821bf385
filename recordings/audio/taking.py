"""From a copy of a file to what is kept of it: what it is, mended where its header lies, its waveform."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from recordings.audio import ffmpeg
from recordings.audio.container import HEADER, Container, NotSound, look_at, wav_header
from recordings.audio.levels import Levels, interleaved, linear, measured
from recordings.audio.peaks import Peaks

_TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/flac"}
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """`suffix` and `content_type` are those of the file as it is kept. `fault` says why it is damaged."""

    state: Literal["ready", "damaged", "empty"]
    suffix: str
    content_type: str
    codec: str
    channels: int
    rate: int
    seconds: float
    loudness: float | None
    peaks: Peaks | None
    is_repaired: bool
    is_truncated: bool
    fault: str = ""


def examined(path: Path, name: str) -> Sound:
    """Look at a copy of ours, whose original is called `name`; a wrong header is written anew in it.
    Raises NotSound for what is no sound at all. It blocks."""
    with path.open("rb") as file:
        form = look_at(file, name)
        if form.data_size == 0:
            return _silent(form)
        if form.kind in ("wav", "raw") and form.is_linear:
            levels = measured(linear(file, form), form.channels, form.rate)
            is_mended = form.header_is_wrong or form.kind == "raw"
        else:
            return _by_ffmpeg(path, form)
    if is_mended:
        _mend(path, form)
    return _sound(form, levels, is_repaired=form.header_is_wrong)


def _sound(form: Container, levels: Levels, *, is_repaired: bool) -> Sound:
    return Sound(
        state="ready", suffix=".wav", content_type=_TYPES[".wav"], codec=form.codec, channels=form.channels,
        rate=form.rate, seconds=round(levels.frames / form.rate, 3), loudness=levels.loudness,
        peaks=levels.peaks, is_repaired=is_repaired, is_truncated=form.is_truncated,
    )  # fmt: skip


def _silent(form: Container) -> Sound:
    return Sound(
        state="empty", suffix=form.suffix if form.suffix in _TYPES else ".wav", content_type="audio/wav",
        codec=form.codec, channels=form.channels, rate=form.rate, seconds=0.0, loudness=None, peaks=None,
        is_repaired=False, is_truncated=form.is_truncated,
    )  # fmt: skip


def _by_ffmpeg(path: Path, form: Container) -> Sound:
    """What only ffmpeg can read; it stays as it is, and is damaged when ffmpeg cannot either."""
    options: Sequence[str] = ("-f", "gsm", "-ar", "8000") if form.kind == "gsm" else ()
    options = ("-ignore_length", "1", *options) if form.kind == "wav" else options
    fault, levels, heard = "", None, None
    try:
        heard = ffmpeg.heard_in(path, options)
        levels = measured(ffmpeg.decoded(path, heard, options), heard.channels, heard.rate)
    except (NotSound, ffmpeg.ConversionFailed) as error:
        fault = str(error)[:200] or "unreadable"
    if heard is None or levels is None or levels.frames == 0:
        return Sound(
            state="damaged", suffix=form.suffix, content_type="application/octet-stream", codec=form.codec,
            channels=form.channels, rate=form.rate, seconds=0.0, loudness=None, peaks=None, is_repaired=False,
            is_truncated=form.is_truncated, fault=fault or "unreadable",
        )  # fmt: skip
    return Sound(
        state="ready", suffix=form.suffix, content_type=_TYPES.get(form.suffix, "application/octet-stream"),
        codec=heard.codec, channels=heard.channels, rate=heard.rate,
        seconds=round(levels.frames / heard.rate, 3),
        loudness=levels.loudness, peaks=levels.peaks, is_repaired=form.header_is_wrong,
        is_truncated=form.is_truncated,
    )  # fmt: skip


def _mend(path: Path, form: Container) -> None:
    """The same sound behind a header that tells the truth. Not one byte of it is lost."""
    head = wav_header(form)
    end = form.data_at + form.data_size
    if form.data_at == HEADER:
        with path.open("r+b") as file:
            file.write(head)
            file.truncate(end)
            file.seek(end)
            file.write(b"\0" * (form.data_size & 1))
        return
    aside = path.with_name(path.name + ".mended")
    with path.open("rb") as old, aside.open("wb") as new:
        new.write(head)
        old.seek(form.data_at)
        left = form.data_size
        while left > 0 and (piece := old.read(min(_CHUNK, left))):
            new.write(piece)
            left -= len(piece)
        new.write(b"\0" * (form.data_size & 1))
    os.replace(aside, path)


def joined(received: Path, sent: Path, target: Path) -> bool:
    """One file of two channels out of two of one. False where they are not alike, and stay two recordings.
    It blocks."""
    with received.open("rb") as one, sent.open("rb") as other:
        left, right = look_at(one, received.name), look_at(other, sent.name)
        both = (left, right)
        if any(not form.is_linear or form.channels != 1 or not form.data_size for form in both):
            return False
        if left.rate != right.rate:
            return False
        frames = max(form.data_size // form.block for form in both)
        form = replace(left, codec="pcm_s16le", channels=2, width=2, block=4, data_size=frames * 4)
        with target.open("wb") as made:
            made.write(wav_header(form))
            for first, second in zip_longest(linear(one, left), linear(other, right), fillvalue=b""):
                made.write(interleaved(first, second))
    return True
