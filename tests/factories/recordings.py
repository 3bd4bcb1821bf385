"""Recordings for tests: a real WAV with tones in the real store, and its row."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from hub.app import Hub
from hub.events.recordings import RecordingStored
from hub.kernel.context import Apis
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.storage.orm import new_id
from hub.values import CallId, ShopId
from recordings.api import RecordingsApi, RecordingView
from recordings.audio.peaks import Peaks
from recordings.models import Participant, Recording, Rendition
from recordings.rules import key_of
from recordings.store import store_of
from tests.factories.calls import MORNING
from tests.factories.tones import RATE, tone, wav


async def recording(
    hub: Hub,
    *,
    call_id: str | None = None,
    shop_id: ShopId = FIRST_SHOP,
    started_at: datetime = MORNING,
    offset: float = 0.0,
    hertz: tuple[float, ...] = (440.0,),
    seconds: float = 2.0,
    people: tuple[str, ...] = ("101",),
) -> RecordingView:
    """In the store, ready to be heard: a tone per channel. The call learns of it as it would."""
    data = wav(*(tone(one, seconds) for one in hertz))
    deps = hub.installation.deps
    recording_id = new_id(hub.installation.clock)
    begun = started_at + timedelta(seconds=offset)
    level = Peaks(len(hertz), 20.0, bytes([128] * len(hertz)) * max(1, int(seconds * 20)))
    files = {
        "original": (".wav", "audio/wav", data),
        "peaks": (".peaks", "application/octet-stream", level.packed()),
    }
    async with hub.transactions.writing(actor=None, shop_id=shop_id) as uow:
        uow.session.add(
            Recording(
                id=recording_id, rev=1, shop_id=shop_id, call_id=call_id, state="ready", started_at=begun,
                offset_seconds=offset if call_id is not None else None, duration_seconds=seconds,
                channels=len(hertz), channel_map=["mixed"] if len(hertz) == 1 else ["outside", "ours"],
                codec="pcm_s16le", sample_rate=RATE, is_repaired=False, is_truncated=False, fault="",
                sha256=hashlib.sha256(data).hexdigest(), size=len(data), loudness=-9.0,
                source_name=f"{recording_id}.wav", taken_at=begun + timedelta(seconds=seconds),
            )
        )  # fmt: skip
        for kind, (suffix, content_type, body) in files.items():
            key = key_of(recording_id, begun, suffix)
            put(hub, key, body)
            uow.session.add(
                Rendition(
                    recording_id=recording_id, kind=kind, path=key, content_type=content_type,
                    size=len(body), sha256=hashlib.sha256(body).hexdigest(), made_at=begun,
                )
            )  # fmt: skip
        uow.session.add_all(Participant(recording_id=recording_id, who=who) for who in people)
        uow.publish(
            RecordingStored(
                recording_id=recording_id, call_id=CallId(call_id) if call_id is not None else None,
                state="ready", started_at=begun, offset_seconds=offset, duration_seconds=seconds,
                channels=len(hertz),
            )
        )  # fmt: skip
        return await Apis(uow, deps, hub.installation.apis).of(RecordingsApi).one(recording_id)


def put(hub: Hub, key: str, body: bytes) -> None:
    """A file into the store."""
    store = store_of(hub.installation.deps)
    aside = store.workroom() / key.replace("/", "-")
    aside.write_bytes(body)
    store.put(key, aside)
