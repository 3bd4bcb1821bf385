"""The waveform of a recording, as the player draws it."""

from __future__ import annotations

import asyncio

from hub.errors import NotFound
from hub.kernel.context import Deps, UnitOfWork
from recordings.audio.peaks import unpacked
from recordings.store import store_of
from recordings.views import PeaksView, RecordingView


class PeaksService:
    """Reads waveforms from the store."""

    def __init__(self, _uow: UnitOfWork, deps: Deps) -> None:
        self._store = store_of(deps)

    async def of(self, recording: RecordingView, points: int) -> PeaksView:
        """At most so many values per channel. Raises NotFound for what has no sound."""
        file = recording.renditions.get("peaks")
        if file is None or recording.state == "erased":
            raise NotFound("recordings.no_waveform", "This recording has no waveform.")
        data = b"".join([piece async for piece in self._store.read(file.path, 0, file.size)])
        return await asyncio.to_thread(_view, data, points)


def _view(data: bytes, points: int) -> PeaksView:
    peaks = unpacked(data).coarser(points)
    channels = [
        tuple(round(value / 255, 3) for value in peaks.values[channel :: peaks.channels])
        for channel in range(peaks.channels)
    ]
    return PeaksView(per_second=peaks.per_second, channels=tuple(channels))
