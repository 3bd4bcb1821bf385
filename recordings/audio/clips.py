"""Cuts a part out of a recording. ffmpeg leads to it and streams it, so that only the part is ever in memory;
pydub makes it a piece of its own. It blocks: call it in a thread."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

from recordings.audio import ffmpeg

SHORTEST = 0.5
LONGEST = 600.0
"""Seconds of a part."""
SUFFIX, CONTENT_TYPE, _ = ffmpeg.FORMS["mp3"]
"""What plays everywhere."""
_HIGHEST_RATE = 16_000
_FADE = 10
"""Milliseconds: a cut in the middle of a wave would click."""


def cut(source: Path, target: Path, begin: float, end: float, *, rate: int, channels: int) -> None:
    """From `begin` to `end` (seconds) into an MP3. Raises ffmpeg.ConversionFailed."""
    with warnings.catch_warnings():
        # It looks for an ffmpeg of the machine, which it is never asked to run.
        warnings.simplefilter("ignore", RuntimeWarning)
        from pydub import AudioSegment  # loaded by whoever cuts

    heard = ffmpeg.Heard("", min(rate, _HIGHEST_RATE), min(channels, 2))
    led = ("-ss", f"{begin:.3f}", "-t", f"{end - begin:.3f}")
    width = 2 * heard.channels
    most = math.ceil((end - begin) * heard.rate) * width
    data = b"".join(ffmpeg.decoded(source, heard, led, most=most))
    if len(data) < width:
        raise ffmpeg.ConversionFailed("there is no sound in this part")
    part = AudioSegment(
        data=data[: len(data) - len(data) % width], sample_width=2, frame_rate=heard.rate,
        channels=heard.channels,
    )  # fmt: skip
    aside = target.with_suffix(".wav")
    try:
        part.fade_in(_FADE).fade_out(_FADE).export(aside, format="wav").close()
        ffmpeg.convert(aside, target, "mp3", heard.channels)
    finally:
        aside.unlink(missing_ok=True)
