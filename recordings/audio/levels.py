"""Waveform and loudness, counted piece by piece: memory does not grow with the length."""

from __future__ import annotations

import audioop
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from recordings.audio.container import Container
from recordings.audio.peaks import PER_SECOND, Peaks

_SECONDS_AT_ONCE = 8
_SILENCE = 33
"""-60 dBFS: what is quieter does not count for the loudness."""


@dataclass(frozen=True, slots=True)
class Levels:
    """`loudness`: the mean level of what is not silence, in dBFS; None when there is nothing else. `frames`
    counts the samples of one channel."""

    peaks: Peaks
    loudness: float | None
    frames: int


def linear(file: BinaryIO, form: Container) -> Iterator[bytes]:
    """The sound as 16 bit samples, some seconds at once; for what `is_linear`."""
    left, size = form.data_size, form.rate // PER_SECOND * form.block * PER_SECOND * _SECONDS_AT_ONCE
    file.seek(form.data_at)
    while left > 0:
        data = file.read(min(size, left))
        data = data[: len(data) - len(data) % form.block]
        if not data:
            return
        left -= len(data)
        yield _as_16_bit(data, form.codec)


def _as_16_bit(data: bytes, codec: str) -> bytes:
    if codec == "pcm_alaw":
        return audioop.alaw2lin(data, 2)
    if codec == "pcm_mulaw":
        return audioop.ulaw2lin(data, 2)
    if codec == "pcm_u8":
        return audioop.lin2lin(audioop.bias(data, 1, 128), 1, 2)
    return data


def measured(pieces: Iterable[bytes], channels: int, rate: int) -> Levels:
    """Waveform and loudness of 16 bit samples; every piece but the last must be whole stretches long."""
    stretch = rate // PER_SECOND * 2
    values = bytearray()
    power, loud, frames = 0.0, 0, 0
    for piece in pieces:
        frames += len(piece) // 2 // channels
        single = [piece] if channels == 1 else [_channel(piece, one, channels) for one in range(channels)]
        for start in range(0, len(single[0]), stretch):
            for samples in single:
                part = samples[start : start + stretch]
                values.append(min(255, audioop.max(part, 2) >> 7))
                level = audioop.rms(part, 2)
                if level > _SILENCE:
                    power += level * level
                    loud += 1
    loudness = round(20 * math.log10(math.sqrt(power / loud) / 32768), 1) if loud else None
    return Levels(Peaks(channels, rate / (stretch // 2), bytes(values)), loudness, frames)


def _channel(data: bytes, number: int, channels: int) -> bytes:
    """One channel of interleaved 16 bit samples."""
    if channels == 2:
        return audioop.tomono(data, 2, 1 - number, number)
    view = memoryview(data).cast("h")[number::channels]
    return view.tobytes()


def interleaved(left: bytes, right: bytes) -> bytes:
    """Two single channels of 16 bit as one of two; the shorter one is filled up with silence."""
    size = max(len(left), len(right))
    left, right = left.ljust(size, b"\0"), right.ljust(size, b"\0")
    return audioop.add(audioop.tostereo(left, 2, 1, 0), audioop.tostereo(right, 2, 0, 1), 2)
