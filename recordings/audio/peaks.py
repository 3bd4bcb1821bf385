"""Waveforms: the loudest value of each short stretch, a byte per channel, in a file of a few kilobytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

PER_SECOND = 20
_HEAD = struct.Struct("<4sBxxxf")
_MAGIC = b"PKS1"


@dataclass(frozen=True, slots=True)
class Peaks:
    """`values` holds for each stretch a byte per channel (0 to 255), interleaved."""

    channels: int
    per_second: float
    values: bytes

    def packed(self) -> bytes:
        """As it is stored."""
        return _HEAD.pack(_MAGIC, self.channels, self.per_second) + self.values

    def coarser(self, points: int) -> Peaks:
        """At most so many stretches, each as loud as the loudest of those that it is made of."""
        count = len(self.values) // self.channels
        step = -(-count // points) if count > points else 1
        if step == 1:
            return self
        made = bytearray()
        width = self.channels
        for start in range(0, count, step):
            part = self.values[start * width : (start + step) * width]
            made += bytes(max(part[channel::width]) for channel in range(width))
        return Peaks(width, self.per_second / step, bytes(made))


def unpacked(data: bytes) -> Peaks:
    """Raises ValueError for what is no such file."""
    if len(data) < _HEAD.size:
        raise ValueError("no peaks")
    magic, channels, per_second = _HEAD.unpack_from(data)
    if magic != _MAGIC or not 1 <= channels <= 8 or not per_second > 0:
        raise ValueError("no peaks")
    return Peaks(channels, per_second, data[_HEAD.size :])
