"""The demo shop has something to hear from its first minute."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.app import Hub
from hub.cli.demo import sound
from hub.cli.demo.clients import demo_clients
from hub.cli.demo.history import past_calls
from hub.cli.demo.notes import FRIDAY_NOTE
from tests.factories.calls import tell_calls
from tests.recordings.stage import open_spool


async def test_the_last_talks_of_the_demo_and_the_one_of_its_story_can_be_heard(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "_LAST", 2)
    spool = open_spool(hub, tmp_path / "spool")
    zone = ZoneInfo("Europe/Kyiv")
    week = list(past_calls(demo_clients(), spool.clock.now().astimezone(zone).date(), zone, "UA"))
    await tell_calls(hub, *(past.call for past in week))
    sound.leave_sound(spool.root, week)
    assert await spool.look() == 3
    talks = {past.call.call_id: past.call for past in week if past.call.result == "answered"}
    story = next(past.call.call_id for past in week if past.note == FRIDAY_NOTE)
    heard = {one.call_id: one for one in await spool.recordings()}
    assert set(heard) == {story, *list(talks)[-2:]}
    for call_id, one in heard.items():
        assert call_id is not None
        answered_at = talks[call_id].answered_at
        assert answered_at is not None
        assert abs(one.started_at - answered_at) < timedelta(seconds=1)
        assert (one.state, one.is_repaired) == ("ready", False)
        assert abs(one.duration_seconds - talks[call_id].talk_seconds) < 0.2
