"""A hub killed at any moment loses nothing that was accepted and does nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.kernel.sealing.keys import store_of
from hub.settings import Settings
from tests.kernel.rig import Bells, effects_of, make_hub, prepare
from tests.kernel.stream.test_relay import settled

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
async def test_kill_nine_in_the_middle_loses_nothing_and_doubles_nothing(settings: Settings) -> None:
    accepted: list[tuple[str, int]] = []
    chance = random.Random(7)
    first = make_hub(settings, Bells().module())
    await prepare(first)
    await first.close()
    start, key = 0, str(store_of(settings).path)
    for _ in range(4):
        victim = subprocess.Popen(
            [sys.executable, "-m", "tests.kernel.stream.victim", settings.database.url, str(start)],
            cwd=ROOT, env={**os.environ, "KEY_FILE": key}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert victim.stdout is not None
        _, *begun = (victim.stdout.readline() for _ in range(6))
        assert all(begun), "it did not begin"
        time.sleep(chance.random() * 0.6)
        victim.send_signal(signal.SIGKILL)
        said = "".join([*begun, victim.stdout.read()]).split("\n")[:-1]  # the last line may be torn
        assert victim.wait() == -signal.SIGKILL
        accepted += [(bell, int(number)) for bell, number in (line.split() for line in said)]
        start += 100_000
    hub = make_hub(settings, Bells().module())
    await hub.start()
    await settled(hub)
    ordinary, batch = await effects_of(hub, "ordinary"), await effects_of(hub, "batch")
    await hub.stop()
    assert ordinary == batch
    for bell, numbers in batch.items():
        assert numbers == sorted(set(numbers)), f"{bell} out of order or doubled"
    lost = [(bell, number) for bell, number in accepted if number not in batch.get(bell, [])]
    assert lost == []
