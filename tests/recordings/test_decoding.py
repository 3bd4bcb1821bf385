"""ffmpeg beside us: it may talk without end, hang, or give more than it was asked for."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from recordings.audio import ffmpeg
from recordings.audio.ffmpeg import ConversionFailed, Heard, decoded
from tests.patience import within

MONO = Heard("pcm_s16le", 8000, 1)


def instead(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """What this machine runs as ffmpeg."""
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.timeout(30)
def test_complaints_without_end_do_not_stop_the_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(tmp_path, monkeypatch, "head -c 300000 /dev/zero | tr '\\0' x >&2; head -c 40000 /dev/zero")
    assert sum(map(len, decoded(tmp_path, MONO))) == 40000


def test_the_last_words_of_a_failure_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(tmp_path, monkeypatch, "head -c 300000 /dev/zero | tr '\\0' x >&2; echo broken >&2; exit 1")
    with pytest.raises(ConversionFailed, match=r"broken$"):
        list(decoded(tmp_path, MONO))


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "script", ["exec sleep 60", "head -c 8 /dev/zero; exec sleep 60", "exec >&-; exec sleep 60"]
)
def test_what_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(ffmpeg, "_SILENT", 0.2)
    instead(tmp_path, monkeypatch, script)
    with pytest.raises(ConversionFailed, match="too long"):
        list(decoded(tmp_path, MONO))


@pytest.mark.timeout(30)
def test_no_more_is_read_than_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(tmp_path, monkeypatch, "exec cat /dev/zero")
    began = time.monotonic()
    assert sum(map(len, decoded(tmp_path, MONO, most=20_001))) == 20_001
    assert time.monotonic() - began < within(10)


@pytest.mark.timeout(30)
def test_who_stops_listening_waits_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(tmp_path, monkeypatch, "head -c 16000 /dev/zero; exec sleep 60")
    sound = decoded(tmp_path, MONO)
    assert len(next(sound)) == 16_000
    sound.close()
