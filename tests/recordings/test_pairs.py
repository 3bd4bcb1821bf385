"""Two files of one talk become one recording of two channels; half a pair waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.app import Hub
from tests.factories.calls import at
from tests.factories.tones import tone, wav
from tests.recordings.stage import SOUND, Spool, open_spool
from tests.recordings.test_intake import UNIQUEID, a_call

RECEIVED, SENT = wav(tone(440, 2.0)), wav(tone(880, 1.0))


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


@pytest.mark.parametrize(("one", "other"), [("-in", "-out"), ("-rx", "-tx"), (".r", ".t"), ("_in", "_out")])
async def test_what_was_received_and_what_was_sent_become_two_channels(
    hub: Hub, spool: Spool, one: str, other: str
) -> None:
    await a_call(hub)
    spool.write(f"done/{UNIQUEID}{one}.wav", RECEIVED, at=at(62))
    spool.write(f"done/{UNIQUEID}{other}.wav", SENT, at=at(62))
    spool.write(f"done/{UNIQUEID}.wav", SOUND, at=at(62))
    await spool.look()
    [made] = await spool.recordings()
    assert (made.call_id, made.channels, made.channel_map) == ("c1", 2, ("outside", "ours"))
    assert made.duration_seconds == 2.0
    assert await spool.heard(made) == wav(tone(440, 2.0), [*tone(880, 1.0), *[0] * 8000])
    assert spool.in_spool() == []


async def test_half_a_pair_waits_for_the_other_half(spool: Spool) -> None:
    spool.write("done/a-in.wav", RECEIVED)
    growing = spool.write("done/a-out.wav", SENT[:5000])
    for _ in range(5):
        with growing.open("ab") as file:
            file.write(b"\0\0")
        assert await spool.look(1) == 0


async def test_a_half_that_is_alone_is_a_recording_like_any(spool: Spool) -> None:
    spool.write("done/call-in.wav", RECEIVED)
    await spool.look()
    assert [one.channels for one in await spool.recordings()] == [1]
