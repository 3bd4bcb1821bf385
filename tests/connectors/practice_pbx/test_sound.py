"""The practice exchange records: real files, named as a PBX names them, finished by a rename."""

from __future__ import annotations

import asyncio
import random
import wave
from pathlib import Path

from connectors.practice_pbx.cast import shop_cast
from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.model import Headers
from connectors.practice_pbx.rehearsals import by_name
from connectors.practice_pbx.sound import Recorder
from connectors.practice_pbx.stage import Stage
from hub.clock import SystemClock

PACE = 60.0


async def played(name: str, spool: Path) -> list[Headers]:
    """What is said of recordings while a call is played."""
    exchange = Exchange(shop_cast(), SystemClock(), random.Random(1))
    said: list[Headers] = []
    exchange.listen(lambda event, _, headers: said.append(headers) if event == "VarSet" else None)
    recorder = Recorder(exchange, spool, PACE)
    stage = Stage(exchange, PACE)
    await stage.play(by_name(name))
    while exchange.channels:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0)
    await recorder.close()
    await stage.close()
    return said


async def test_a_call_from_outside_is_recorded_under_the_name_that_is_told(tmp_path: Path) -> None:
    [named] = await played("known_client", tmp_path)
    values = dict(named)
    assert values["Variable"] == "MIXMONITOR_FILENAME"
    assert Path(values["Value"]).name == f"{values['Linkedid']}.wav"
    [done] = (tmp_path / "done").iterdir()
    assert done.name == Path(values["Value"]).name
    with wave.open(str(done)) as sound:
        assert sound.getparams()[:3] == (1, 2, 8000)
        assert 2 < sound.getnframes() / 8000 < 120
        assert max(sound.readframes(8000)) > 0


async def test_colleagues_among_themselves_are_not_recorded(tmp_path: Path) -> None:
    assert await played("internal", tmp_path) == []
    assert not (tmp_path / "done").exists()


async def test_a_message_on_the_machine_is_recorded(tmp_path: Path) -> None:
    assert len(await played("voicemail", tmp_path)) == 1
    assert len(list((tmp_path / "done").iterdir())) == 1
