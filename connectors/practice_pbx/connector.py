"""The practice exchange as a connector: it serves AMI, plays a shop's day, and rings on demand.

It brings no fact itself: the AMI connector follows it over TCP like any PBX."""

from __future__ import annotations

import asyncio
import random
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.loopback import bind_loopback
from connectors.practice_pbx.cast import shop_cast
from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.rehearsals import REHEARSALS, by_name
from connectors.practice_pbx.script import Script
from connectors.practice_pbx.server import AmiServer
from connectors.practice_pbx.sound import Recorder
from connectors.practice_pbx.stage import Stage
from hub.clock import Clock
from hub.errors import Unavailable
from hub.ports.connector import Status
from hub.ports.errors import NotReady
from hub.ports.intake import Intake
from hub.ports.telephony import Rehearsal

USERNAME = "pitline"
_DAY = (
    "known_client", "stranger", "outbound", "held", "missed", "attended_transfer", "internal",
    "blind_transfer", "short", "follow_me", "parked", "voicemail", "withheld", "outbound_busy", "place_kept",
)  # fmt: skip
"""What the exchange plays by itself, the first one first; the rest is for whoever asks."""
_CLIENTS = frozenset({"kovalchuk", "petrenko", "taxi", "shevchuk"})
_PAUSE = (35.0, 80.0)
_FIRST_PAUSE = 8.0
_HELPER = "103"
"""In the queue, but none of the day's calls rings there: so she may come and go."""
_REASONS = ("Lunch", "Break", "In the workshop")
_PRESENT, _AWAY = (40.0, 100.0), (30.0, 90.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeConfig:
    """`pace` as in the settings; `is_quiet`: nothing rings unless it is asked for; `seed` makes the
    day's order the same each time; `spool` is where its recordings go (empty: it records nothing)."""

    pace: float = 1.0
    is_quiet: bool = False
    seed: int = 2
    spool: str = ""


class PracticePbx:
    """A Connector and the PracticeExchange of the pages. The port is taken when it is built, so that
    the AMI connector can be told; the secret is new in each process."""

    def __init__(self, config: PracticeConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._listener: socket.socket | None = bind_loopback()
        self.port: int = self._listener.getsockname()[1]
        self.secret = secrets.token_urlsafe(24)
        self._stage: Stage | None = None
        self._cast = shop_cast()
        self._chance = random.Random(config.seed)  # noqa: S311 - a rhythm, not a secret

    @property
    def name(self) -> str:
        return "practice_pbx"

    @property
    def runs_everywhere(self) -> bool:
        """Each process plays an exchange of its own."""
        return True

    async def run(self, intake: Intake, status: Status) -> None:
        """One life of the exchange: serve, and play, until cancelled."""
        exchange = Exchange(self._cast, self._clock, self._chance)
        stage = Stage(exchange, self._config.pace)
        spool = self._config.spool
        recorder = Recorder(exchange, Path(spool), self._config.pace) if spool else None
        if spool:
            await asyncio.to_thread(Path(spool).mkdir, parents=True, exist_ok=True)
        server = AmiServer(exchange, stage, USERNAME, self.secret)
        listener = self._listener or self._bind_again()
        self._listener = None
        await server.start(listener)
        self._stage = stage
        status.report("ready", f"the practice exchange plays on 127.0.0.1:{self.port}")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._day(stage))
                group.create_task(self._pauses(stage))
        finally:
            self._stage = None
            await stage.close()
            await server.stop()
            if recorder is not None:
                await recorder.close()

    def _bind_again(self) -> socket.socket:
        try:
            return bind_loopback(self.port)
        except OSError as error:
            raise NotReady(f"port {self.port} is taken: {error}") from error

    def rehearsals(self) -> Sequence[Rehearsal]:
        """What can be played."""
        return tuple(Rehearsal(name=script.name, title=script.title) for script in REHEARSALS)

    async def play(self, name: str) -> None:
        """Play one call now, beside what goes on. Raises KeyError, and Unavailable while it is down."""
        script = by_name(name)
        if self._stage is None:
            hint = "Look at /system; it comes back by itself."
            raise Unavailable("practice.down", "The practice exchange does not run just now.", hint)
        self._stage.play(script)

    async def _day(self, stage: Stage) -> None:
        if self._config.is_quiet:
            await asyncio.Event().wait()
        await self._rest(_FIRST_PAUSE)
        stage.play(by_name(_DAY[0]))
        while True:
            for name in self._chance.sample(_DAY, len(_DAY)):
                await self._rest(self._chance.uniform(*_PAUSE))
                script = by_name(name)
                while stage.is_busy(_people(script)):
                    await self._rest(2.0)
                is_client = script.caller in _CLIENTS
                stage.play(script, self._chance.choice(self._cast.regulars) if is_client else None)

    async def _pauses(self, stage: Stage) -> None:
        """Somebody in the queue takes a break now and then."""
        if self._config.is_quiet:
            return
        chance = random.Random(self._config.seed)  # noqa: S311 - a rhythm, not a secret
        while True:
            await self._rest(chance.uniform(*_PRESENT))
            stage.pause(_HELPER, chance.choice(_REASONS))
            await self._rest(chance.uniform(*_AWAY))
            stage.pause(_HELPER, None)

    async def _rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._config.pace)


def _people(script: Script) -> frozenset[str]:
    """Our phones that a script needs: nobody plays in two calls of the day at once."""
    return frozenset(
        word for row in script.rows for word in (row.who, row.what) if word.isdigit() and len(word) == 3
    )
