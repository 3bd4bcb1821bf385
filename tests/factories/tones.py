"""Real sound for tests: PCM tones in WAV files, made without a library."""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Sequence

RATE = 8000


def tone(hertz: float, seconds: float, level: float = 0.5, rate: int = RATE) -> array[int]:
    """A sine, 16 bit."""
    step = 2 * math.pi * hertz / rate
    peak = int(32767 * level)
    return array("h", (int(peak * math.sin(step * n)) for n in range(int(seconds * rate))))


def wav(*channels: Sequence[int], rate: int = RATE) -> bytes:
    """A WAV file of these channels, which are equally long."""
    width = len(channels)
    data = array("h", bytes(2 * width * len(channels[0])))
    for number, samples in enumerate(channels):
        data[number::width] = array("h", samples)
    return header(len(data) * 2, width, rate) + data.tobytes()


def header(size: int, channels: int = 1, rate: int = RATE, bits: int = 16, tag: int = 1) -> bytes:
    """The 44 bytes before so much PCM."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)
    riff = min(36 + size, 0xFFFFFFFF)
    return (
        b"RIFF"
        + struct.pack("<I", riff)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", min(size, 0xFFFFFFFF))
    )
