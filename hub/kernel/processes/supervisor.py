"""The supervisor: runs every connector, again and again, and can say of each how it is and since when.

run -> NotReady     waits 0.5, 1, 2 .. 60 s (with jitter), then again
    -> AuthFailed   says so loudly and waits minutes: a wrong password must not lock the account
    -> anything     logs it with its trace, waits like NotReady; a failing connector stops nobody else
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping
from functools import partial

from hub.clock import Clock
from hub.kernel.processes.links import Links
from hub.kernel.stream.intake import GroupIntake
from hub.log import get_logger
from hub.ports.connector import Connector, ConnectorState, HandedOver, Health, Measured, RunsEverywhere
from hub.ports.errors import AuthFailed, ConnectorError, LinkTaken, NotReady
from hub.ports.intake import Intake
from hub.settings import SupervisorSettings

_STEADY = 60.0


class Post:
    """Implements ports.connector.Status for one connector: its state, dated when it changed."""

    def __init__(self, clock: Clock, state: ConnectorState, text: str) -> None:
        self._clock = clock
        self.health = Health(state=state, since=clock.now(), text=text)
        self.was_ready = False

    def report(self, state: ConnectorState, text: str, **details: str) -> None:
        """Tell the present state. A repeated state keeps its `since`."""
        since = self.health.since if state == self.health.state else self._clock.now()
        self.health = Health(state=state, since=since, text=text, details=dict(details))
        self.was_ready = self.was_ready or state == "ready"


class Supervisor:
    """Owns the tasks of all connectors. `off`: names of connectors that are not set up, for the list.
    `links`: where several processes share the work, each link is run by the one that holds it."""

    def __init__(
        self,
        connectors: Iterable[Connector],
        intake: GroupIntake,
        clock: Clock,
        settings: SupervisorSettings,
        off: Mapping[str, str] | None = None,
        links: Links | None = None,
    ) -> None:
        self._connectors = tuple(connectors)
        self._intake = intake
        self._clock = clock
        self._settings = settings
        self._links = links
        self._posts = {name: Post(clock, "off", text) for name, text in (off or {}).items()}
        for connector in self._connectors:
            self._posts[connector.name] = Post(clock, "starting", "Not started yet.")
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._nudges: dict[str, asyncio.Event] = {c.name: asyncio.Event() for c in self._connectors}
        self._log = get_logger("hub.supervisor")

    def health(self) -> Mapping[str, Health]:
        """Every connector, those that are off included."""
        return {name: post.health for name, post in self._posts.items()}

    def statistics(self) -> Mapping[str, Mapping[str, float]]:
        """The figures of every connector that counts, by its name."""
        return {c.name: c.statistics() for c in self._connectors if isinstance(c, Measured)}

    def start(self) -> None:
        """Begin to run them all, side by side."""
        for connector in self._connectors:
            self._tasks[connector.name] = asyncio.create_task(
                self._supervise(connector), name=f"connector-{connector.name}"
            )

    def nudge(self, name: str) -> None:
        """Try now instead of waiting: its settings have changed. LookupError for an unknown name."""
        self._nudges[name].set()

    async def stop(self, seconds: float = 5.0) -> None:
        """Cancel them all and give them so long to clean up."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=seconds)
            for task in late:
                self._log.error("a connector did not stop in time", connector=task.get_name())
        for connector in self._connectors:
            self._posts[connector.name].report("stopped", "Pitline is stopping.")

    async def _supervise(self, connector: Connector) -> None:
        links, name = self._links, connector.name
        if links is None or (isinstance(connector, RunsEverywhere) and connector.runs_everywhere):
            await self._run(connector, self._intake)
            return
        post = self._posts[name]
        while True:
            run = partial(self._run, connector)
            await links.hold(name, post, lambda: post.health, self._intake, run)
            if isinstance(connector, HandedOver):
                connector.forget()

    async def _run(self, connector: Connector, intake: Intake) -> None:
        """Again and again; ends by a link that another process has taken, or cancelled."""
        post = self._posts[connector.name]
        log = self._log.bind(connector=connector.name)
        wait = self._settings.first_wait
        while True:
            self._nudges[connector.name].clear()
            began = self._clock.monotonic()
            try:
                await connector.run(intake, post)
                error: Exception = NotReady("It ended by itself.")
            except LinkTaken:
                raise
            except Exception as failure:
                error = failure
            if post.was_ready or self._clock.monotonic() - began > max(_STEADY, self._settings.longest_wait):
                wait = self._settings.first_wait  # it worked for a while: a new trouble, not the old one
            post.was_ready = False
            if isinstance(error, AuthFailed):
                post.report("auth_failed", error.text)
                log.error("log-in refused; tried again rarely", text=error.text)
                await self._pause(connector.name, self._settings.auth_wait)
                continue
            if isinstance(error, ConnectorError):
                post.report("not_ready", error.text)
                log.warning("not ready", text=error.text, retry_in=round(wait, 1))
            else:
                post.report("error", f"{type(error).__name__}: {error}"[:300])
                log.error("failed", exc_info=error, retry_in=round(wait, 1))
            # Jitter: many hubs must not knock at one exchange in step.
            await self._pause(connector.name, wait * random.uniform(0.75, 1.25))  # noqa: S311 (no secret)
            wait = min(wait * 2, self._settings.longest_wait)

    async def _pause(self, name: str, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._nudges[name].wait()
        except TimeoutError:
            pass
