"""ffmpeg as a process beside us: it streams, so that a call of three hours needs no more memory than one of
three minutes."""

from __future__ import annotations

import re
import selectors
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import imageio_ffmpeg

from recordings.audio.container import NotSound

LONGEST = 3600.0
_SILENT = 60.0
"""Seconds without a byte of sound: it hangs."""
_LOCAL = ("-protocol_whitelist", "file,pipe")
"""A playlist that somebody sends must not make it fetch anything."""
_PIECE = 1 << 17
_STREAM = re.compile(r"Stream #\S+.*?: Audio: (\w+).*?, (\d+) Hz, ([\w.() ]+?)[,\n]")
_CHANNELS = {"mono": 1, "stereo": 2, "1 channels": 1, "2 channels": 2}
FORMS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "opus": (".opus", "audio/ogg", ("-c:a", "libopus", "-application", "voip", "-f", "ogg")),
    "mp3": (".mp3", "audio/mpeg", ("-c:a", "libmp3lame", "-f", "mp3")),
}
_RATES = {"opus": (16, 28), "mp3": (24, 48)}
"""Kilobits a second for one channel, for two: speech from a telephone line."""


class ConversionFailed(Exception):
    """ffmpeg would not read or write it; the text is its last word."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What ffmpeg says that a file holds."""

    codec: str
    rate: int
    channels: int


def ffmpeg() -> str:
    """The machine's own, else the one of the wheel."""
    return shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()


def heard_in(path: Path, options: Sequence[str] = ()) -> Heard:
    """What the file holds. Raises NotSound."""
    command = [
        ffmpeg(),
        "-hide_banner",
        "-nostdin",
        *_LOCAL,
        *options,
        "-i",
        f"file:{path}",
    ]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)  # noqa: S603 - a list, no shell, a path of ours
    found = _STREAM.search(done.stderr.decode("utf-8", "replace"))
    if found is None:
        raise NotSound("foreign_codec")
    return Heard(found[1], int(found[2]), _CHANNELS.get(found[3].strip(), 2))


def decoded(
    path: Path, heard: Heard, options: Sequence[str] = (), *, most: int | None = None
) -> Generator[bytes, None, None]:
    """The sound as 16 bit samples of its own rate, in whole stretches; `most` bytes of it. Raises
    ConversionFailed, also when nothing comes for a minute."""
    command = [
        ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", *_LOCAL, *options, "-i", f"file:{path}",
        "-vn", "-map", "0:a:0", "-ac", str(heard.channels), "-ar", str(heard.rate),
        "-f", "s16le", "pipe:1",
    ]  # fmt: skip
    size = heard.rate // 20 * 20 * 2 * heard.channels
    with (
        tempfile.TemporaryFile() as said,  # a pipe that nobody empties would stop it
        subprocess.Popen(command, bufsize=0, stdout=subprocess.PIPE, stderr=said) as process,  # noqa: S603 - a list, no shell, a path of ours
    ):
        assert process.stdout is not None
        try:
            is_whole = yield from _stretches(process.stdout, size, most)
            code = process.wait(_SILENT) if is_whole else 0
        except subprocess.TimeoutExpired as error:
            raise ConversionFailed("it took too long") from error
        finally:
            process.kill()  # whoever leaves early waits for nothing
        if code:
            raise ConversionFailed(_last_words(said))


def _stretches(pipe: IO[bytes], size: int, most: int | None) -> Generator[bytes, None, bool]:
    """Whether that was all of it."""
    left = sys.maxsize if most is None else most
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while left > 0:
            wanted, data = min(size, left), bytearray()
            while len(data) < wanted:
                if not selector.select(_SILENT):
                    raise ConversionFailed("it took too long")
                piece = pipe.read(wanted - len(data))
                if not piece:
                    break
                data += piece
            if data:
                yield bytes(data)
            if len(data) < wanted:
                return True
            left -= len(data)
    return False


def _last_words(said: IO[bytes]) -> str:
    said.seek(max(0, said.seek(0, 2) - 4096))
    return said.read().decode("utf-8", "replace").strip()[-300:]


def convert(source: Path, target: Path, form: str, channels: int) -> None:
    """Into `opus` or `mp3`, with the least claim on the processor. Raises ConversionFailed."""
    _, _, options = FORMS[form]
    command = [
        "nice", "-n", "10", ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-threads", "1",
        *_LOCAL, "-i", f"file:{source}", "-vn", "-map", "0:a:0", "-map_metadata", "-1",
        "-ac", str(min(channels, 2)), "-b:a", f"{_RATES[form][channels > 1]}k", *options, f"file:{target}",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=LONGEST)  # noqa: S603 - a list, no shell, paths of ours
    except subprocess.TimeoutExpired as error:
        raise ConversionFailed("it took too long") from error
    if done.returncode:
        raise ConversionFailed(done.stderr.decode("utf-8", "replace").strip()[-300:])
