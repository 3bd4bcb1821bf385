"""Files of the spool become recordings: whole, once, tied to their calls, or are refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from hub.app import Hub
from hub.clock import FrozenClock
from hub.events.calls import CallFact
from hub.events.recordings import RecordingNamed
from hub.kernel.context import Delivered
from hub.kernel.shops import FIRST_SHOP
from hub.values import CallId
from recordings.api import RecordingsApi
from recordings.handlers import on_recording_named
from tests.factories.calls import (
    MORNING,
    Batch,
    at,
    call_of,
    delivered,
    ended,
    fact,
    merged,
    snapshot,
    tell,
    tell_calls,
)
from tests.factories.relays import settled
from tests.factories.tones import tone, wav
from tests.recordings.stage import SOUND, Spool, open_spool

BORN = int(MORNING.timestamp())
UNIQUEID = f"{BORN}.12"


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


async def a_call(hub: Hub, call_id: str = "c1", uniqueid: str = UNIQUEID, *, is_over: bool = True) -> None:
    call = ended(call_id, 0, "answered") if is_over else snapshot(call_id)
    await tell_calls(hub, replace(call, legs=tuple(replace(leg, uniqueid=uniqueid) for leg in call.legs)))


async def told(hub: Hub, path: str, call_id: str, moment: datetime) -> None:
    """What the PBX says when it begins to record."""
    event = RecordingNamed(call_id=CallId(call_id), path=path, uniqueid="x", at=moment)
    one = delivered(event)
    named = Delivered(replace(one.envelope, id=f"{call_id}{moment:%H%M%S}"), event)

    def run(connection: Connection) -> None:
        on_recording_named(Batch(connection, hub.installation.deps), [named])

    await hub.database.write(run)


async def test_a_finished_file_becomes_a_recording_of_its_call_and_leaves_the_spool(
    hub: Hub, spool: Spool
) -> None:
    await a_call(hub)
    spool.write(f"done/{UNIQUEID}.wav", at=at(32))
    assert await spool.look() == 1
    [made] = await spool.recordings()
    assert (made.call_id, made.state, made.duration_seconds) == ("c1", "ready", 2.0)
    assert made.offset_seconds == 30.0
    assert (made.size, made.channels, made.codec) == (len(SOUND), 1, "pcm_s16le")
    assert await spool.heard(made) == SOUND
    assert spool.in_spool() == []
    await settled(hub)
    assert (await call_of(hub, "c1")).recording_ids == (made.id,)


@pytest.mark.parametrize(
    "name",
    [
        "{}.wav", "out-0501234567-101-20260105-090210-{}.wav", "2026/01/05/q-800-{}.wav", "pbx1-{}.wav",
        "rec_{}-in-call.wav",
    ],
)  # fmt: skip
async def test_a_uniqueid_is_found_anywhere_in_a_name_and_in_any_folder(
    hub: Hub, spool: Spool, name: str
) -> None:
    await a_call(hub)
    spool.write("done/" + name.format(UNIQUEID), at=at(60))
    await spool.look()
    assert [one.call_id for one in await spool.recordings()] == ["c1"]


@pytest.mark.parametrize("name", ["{}0.wav", "9{}.wav", "{}9-x.wav", "a1.{}.wav"])
async def test_a_part_of_a_longer_number_is_no_uniqueid(hub: Hub, spool: Spool, name: str) -> None:
    await a_call(hub)
    spool.write("done/" + name.format(UNIQUEID), at=at(60))
    await spool.look()
    assert [one.call_id for one in await spool.recordings()] == [None]


async def test_the_name_that_the_pbx_told_wins_over_a_number_in_it(hub: Hub, spool: Spool) -> None:
    await a_call(hub)
    await a_call(hub, "c2", f"{BORN}.99")
    await told(hub, f"/var/spool/asterisk/monitor/{UNIQUEID}.wav", "c2", at(5))
    spool.write(f"done/{UNIQUEID}.wav", at=at(60))
    await spool.look()
    [made] = await spool.recordings()
    assert (made.call_id, made.offset_seconds) == ("c2", 5.0)


async def test_several_recordings_of_one_call_stay_apart_with_their_offsets(hub: Hub, spool: Spool) -> None:
    await a_call(hub)
    for number, start in enumerate((10, 40)):
        await told(hub, f"/x/part{number}.wav", "c1", at(start))
        spool.write(f"done/part{number}.wav", wav(tone(300 + 200 * number, 2.0)), at=at(start + 2))
    await spool.look()
    assert sorted(one.offset_seconds or 0 for one in await spool.recordings(call_id="c1")) == [10.0, 40.0]


async def test_a_file_outside_the_finished_folder_waits_for_the_end_of_its_call(
    hub: Hub, tmp_path: Path, frozen_clock: FrozenClock
) -> None:
    spool = open_spool(hub, tmp_path / "spool", rest_seconds=5.0)
    await a_call(hub, is_over=False)
    frozen_clock.advance(61)
    old = datetime.fromtimestamp(1_700_000_000, tz=MORNING.tzinfo)
    spool.write(f"{UNIQUEID}.wav", at=old)
    assert await spool.look() == 0
    await tell(hub, *_second_fact(UNIQUEID))
    assert await spool.look() == 0, "the call ended a second ago"
    frozen_clock.advance(5)
    assert await spool.look() == 1


def _second_fact(uniqueid: str) -> tuple[CallFact, ...]:
    call = ended("c1", 0, "answered")
    return (fact(2, replace(call, legs=tuple(replace(leg, uniqueid=uniqueid) for leg in call.legs))),)


async def test_a_call_that_became_a_part_of_another_brings_its_recording_along(
    hub: Hub, spool: Spool
) -> None:
    await a_call(hub)
    await a_call(hub, "c2", f"{BORN}.50")
    spool.write(f"done/{UNIQUEID}.wav", at=at(60))
    await spool.look()
    await settled(hub)
    await tell(hub, merged(9, "c1", "c2"))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await RecordingsApi(uow, hub.installation.deps).linking.move("c1", "c2")
    await settled(hub)
    [made] = await spool.recordings()
    assert made.call_id == "c2"
    assert (await call_of(hub, "c2")).recording_ids == (made.id,)


async def test_the_same_sound_twice_is_one_recording(hub: Hub, spool: Spool) -> None:
    await a_call(hub)
    spool.write(f"done/{UNIQUEID}.wav", at=at(60))
    await spool.look()
    spool.write(f"done/copy-{UNIQUEID}.wav", at=at(61))
    assert await spool.look() == 1
    assert len(await spool.recordings()) == 1
    assert spool.in_spool() == []
    assert len(spool.in_store()) == 2, "the sound and its waveform, nothing left behind"


async def test_what_was_taken_may_stay_in_the_spool_and_is_not_taken_again(hub: Hub, tmp_path: Path) -> None:
    spool = open_spool(hub, tmp_path / "spool", spool_after="keep")
    spool.write("done/a.wav", at=at(60))
    assert await spool.look() == 1
    again = open_spool(hub, tmp_path / "spool", spool_after="keep")
    assert await again.look() == 0
    assert spool.in_spool() == ["done/a.wav"]
    assert len(await spool.recordings()) == 1


async def test_two_channels_are_kept_apart_and_named(hub: Hub, spool: Spool) -> None:
    spool.write("done/two.wav", wav(tone(440, 1.0), tone(880, 1.0, level=0.25)))
    await spool.look()
    [made] = await spool.recordings()
    assert (made.channels, made.channel_map) == (2, ("outside", "ours"))
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        peaks = await RecordingsApi(uow, spool.ctx.deps).peaks(made)
    assert [round(max(one), 1) for one in peaks.channels] == [0.5, 0.2]


async def test_the_loudness_is_that_of_the_sound_and_not_of_the_pauses(hub: Hub, spool: Spool) -> None:
    sound = [*tone(440, 1.0, level=0.5), *[0] * 80_000]
    spool.write("done/pauses.wav", wav(sound))
    await spool.look()
    [made] = await spool.recordings()
    assert made.loudness == pytest.approx(-9.0, abs=0.1)
    assert made.duration_seconds == 11.0
