"""The AMI connector: keeps the line to one PBX, and what must outlive a log-in.

`run` makes one session and raises when it ends; the supervisor calls it again. The inbox, the
consumer with its tracker, the session counter and the known boot live here, between the runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.ami.actions import Action, Answer, Outcome, outcome_of
from connectors.ami.config import AmiConfig
from connectors.ami.consumer import Consumer
from connectors.ami.doctor import BLIND, endpoints_of, examine_link, not_connected
from connectors.ami.figures import add, figures_of
from connectors.ami.filters import JOURNALLED, event_mask, filter_actions
from connectors.ami.identity import Boot, Pbx, recognise
from connectors.ami.inbox import Inbox, LinkLost, PhonesDue, SessionBegun, Tick
from connectors.ami.link import AmiLink, open_link
from connectors.ami.message import Message
from connectors.ami.orders import Orders, lacking
from connectors.ami.recorder import Recorder
from connectors.ami.snapshot import NoPicture, ask_picture
from hub.clock import Clock
from hub.log import get_logger
from hub.ports.commands import BeginRecording, Command, CommandKind, CommandResult, StopRecording
from hub.ports.connector import Status
from hub.ports.errors import AuthFailed, NotReady
from hub.ports.intake import Intake
from hub.ports.journal import Journal
from hub.ports.telephony import CallMemory, Endpoint, Finding, LinkState

_FIRST = asyncio.FIRST_COMPLETED


class AmiConnector:
    """A Connector and the Telephony of the pages."""

    def __init__(self, config: AmiConfig, journal: Journal, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._trunks = tuple(config.trunks)
        self._log = get_logger("ami").bind(pbx=config.pbx, address=config.address)
        self._journal = journal
        self._memory: CallMemory | None = None
        self._picture_wanted = asyncio.Event()
        self._phones_stirred = asyncio.Event()
        self._recorder = Recorder(
            config.record, config.record_folder, lambda: self._consumer.tracker, self.order
        )
        self.record_only_agreed = self._recorder.only_agreed
        self.on_change: Callable[[], None] = _unheard
        self._inbox, self._consumer = self._beginning()
        self._wanted = Consumer.WANTED | JOURNALLED
        self._link: AmiLink | None = None
        self._boot: Boot | None = None
        self._pbx = Pbx()
        self._session = 0
        self._was_tried = False
        self._names_seen: frozenset[str] = frozenset()
        self._allowed: frozenset[str] | None = None
        self._totals: dict[str, float] = {}
        self._state = LinkState(is_up=False, since=clock.now(), text="not connected yet")

    @property
    def name(self) -> str:
        return "ami"

    async def run(self, intake: Intake, status: Status) -> None:
        """One session, from connecting to its loss. Raises NotReady or AuthFailed."""
        if not self._was_tried:
            # Later tries leave the last trouble and its date on the screen.
            self._was_tried = True
            status.report("starting", f"connecting to {self._config.address}")
        consumer = asyncio.create_task(self._consumer.run(intake), name="ami consumer")
        try:
            reason = await self._session_with(status, consumer)
        except (NotReady, AuthFailed) as error:
            self._say(False, error.text)
            raise
        finally:
            await self._drained(consumer)
        status.report("not_ready", reason)
        raise NotReady(f"the line to {self._config.address} was lost: {reason}")

    async def _session_with(self, status: Status, consumer: asyncio.Task[None]) -> str:
        held: list[tuple[Sequence[Message], datetime]] = []
        is_open = False

        def hear(messages: Sequence[Message], at: datetime) -> None:
            if is_open:
                self._inbox.hear(messages, at)
            else:
                held.append((messages, at))

        link = await open_link(self._config, self._clock, self._wanted, event_mask(self._wanted), hear)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._identify(link)
            # No await from here to the end of the release: the order of arrival is kept.
            self._begin()
            is_open = True
            for messages, at in held:
                self._inbox.hear(messages, at)
            held.clear()
            self._link = link
            self._ready(status)
            tasks = [
                asyncio.create_task(self._keep_picture(link, status), name="ami picture"),
                asyncio.create_task(self._filter(link), name="ami filter"),
                asyncio.create_task(self._learn_rights(link), name="ami rights"),
                asyncio.create_task(self._tick(), name="ami tick"),
                asyncio.create_task(self._tell_phones(), name="ami phones"),
            ]
            ends: set[asyncio.Future[Any]] = {link.closed, consumer}
            await asyncio.wait(ends, return_when=_FIRST)
            if consumer.done():
                consumer.result()
            return link.closed.result()
        finally:
            self._link = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await link.close()
            self._count(link)
            if is_open:
                self._finish(link.closed.result())

    # The parts of a session

    async def _identify(self, link: AmiLink) -> None:
        """Which PBX, and which of its lives. A PBX that does not say costs 0.8 s, no more."""
        within = self._config.waits.identify
        core, self._pbx = await asyncio.gather(link.ask(Action("CoreStatus"), within), self._asked(link))
        self._boot = recognise(
            core.response if core.kind == "done" else None,
            link.uptime,
            self._clock.now(),
            self._boot,
            self._config.limits.boot_tolerance,
        )

    async def _asked(self, link: AmiLink) -> Pbx:
        settings = await link.ask(Action("CoreSettings"), self._config.waits.identify)
        version = settings.response.get("AsteriskVersion") if settings.response else ""
        return Pbx(f"Asterisk {version}" if version else link.framer.banner)

    def _begin(self) -> None:
        assert self._boot is not None
        now = self._clock.now()
        # Counted from the clock: a restarted hub never uses a number of its former life again.
        is_first = self._session == 0
        self._session = max(self._session + 1, int(now.timestamp()))
        self._inbox.session = self._session
        self._inbox.put(SessionBegun(self._boot, self._session, now, is_first))
        self._picture_wanted.set()

    def _ready(self, status: Status, remark: str = "") -> None:
        text = f"connected to {self._pbx.version or 'the PBX'} at {self._config.address}{remark}"
        self._say(True, text)
        assert self._boot is not None
        status.report("ready", text, version=self._pbx.version, boot=self._boot.id)
        self._log.info("ami.connected", version=self._pbx.version, boot=self._boot.id, session=self._session)

    def _finish(self, reason: str) -> None:
        """Also when we stop ourselves: from here on nobody sees what calls do."""
        self._inbox.put(LinkLost(reason, self._clock.now()))
        self._log.warning("ami.lost", reason=reason, session=self._session)
        self._say(False, reason)

    async def _keep_picture(self, link: AmiLink, status: Status) -> None:
        """A picture at the beginning and after every gap. None is trusted before the PBX has booted
        (an account without `system` rights never hears of that: then a wait must do)."""
        waits = self._config.waits
        try:
            async with asyncio.timeout(waits.boot):
                await link.fully_booted.wait()
        except TimeoutError:
            self._log.info("ami.boot_not_told", waited=waits.boot)
        retries = iter(waits.snapshot_retry)
        while True:
            await self._picture_wanted.wait()
            self._picture_wanted.clear()
            try:
                if not await self._take_picture(link):
                    self._ready(status, f"; {BLIND}")
            except NoPicture as problem:
                self._log.warning("ami.no_picture", reason=problem.text)
                if not problem.may_retry and not problem.is_ours:
                    self._ready(status, f"; {BLIND}")
                wait = next(retries, None) if problem.may_retry else None
                self._inbox.put_no_picture(is_final=wait is None)
                if wait is not None:
                    await asyncio.sleep(wait)
                    self._picture_wanted.set()

    async def _take_picture(self, link: AmiLink) -> bool:
        """Whether it shows all that lives."""
        dropped = self._inbox.dropped
        lists = await ask_picture(link, self._config.waits)
        if self._inbox.dropped != dropped:
            # The gap that follows asks for a new one.
            raise NoPicture("messages were dropped meanwhile", may_retry=False, is_ours=True)
        self._inbox.put_picture(lists)
        return lists.is_whole

    async def _filter(self, link: AmiLink) -> None:
        if not self._pbx.has_structured_filters:
            return
        for action in filter_actions(self._wanted):
            answer = await link.ask(action)
            if not answer.is_told:
                self._log.info("ami.filter_refused", reason=answer.text)
                return

    async def _learn_rights(self, link: AmiLink) -> None:
        """What we may order; a PBX that does not say is asked to do it, and may refuse then."""
        answer = await link.ask(Action("ListCommands"))
        told = answer.response if answer.kind == "done" else None
        self._allowed = frozenset(told.headers()) if told is not None else None
        self.on_change()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._config.waits.tick)
            if self._consumer.tracker.living:
                self._inbox.put(Tick(self._clock.now()))

    async def _tell_phones(self) -> None:
        """What phones do is told a few times a second at most."""
        while True:
            await self._phones_stirred.wait()
            self._phones_stirred.clear()
            await asyncio.sleep(self._config.waits.phones)
            self._inbox.put(PhonesDue(self._clock.now()))

    async def _drained(self, consumer: asyncio.Task[None]) -> None:
        """Let the consumer store what is left, for a short while: a locked database must delay
        neither the next log-in nor the stop. What stays is stored by the next run."""
        drained = asyncio.create_task(self._consumer.drained(), name="ami drained")
        try:
            await asyncio.wait({drained, consumer}, timeout=self._config.waits.drain, return_when=_FIRST)
        finally:
            drained.cancel()
            consumer.cancel()
            await asyncio.gather(drained, consumer, return_exceptions=True)

    # RemembersCalls

    def remember(self, memory: CallMemory) -> None:
        """Where to ask, at the first log-in, for the calls that a former life of the hub followed."""
        self._memory = self._consumer.memory = memory

    def forget(self) -> None:
        """Another process followed the calls meanwhile: begin as a hub does that was just started."""
        self._inbox, self._consumer = self._beginning()
        self._boot, self._was_tried = None, False

    def _beginning(self) -> tuple[Inbox, Consumer]:
        inbox = Inbox(self._journal, self._config.limits.queue_size, self._clock.now)
        consumer = Consumer(self._config, self._clock, inbox, self._picture_wanted.set)
        consumer.memory, consumer.outgoing.on_stored = self._memory, self._recorder.hear
        consumer.on_news = self._phones_stirred.set
        consumer.tracker.set_trunks(self._trunks)
        return inbox, consumer

    # Telephony

    def link(self) -> LinkState:
        """How the line is now, and since when."""
        return self._state

    async def endpoints(self) -> Sequence[Endpoint]:
        """The PBX's endpoints, asked over the living line, else over one of its own."""
        if self._link is not None:
            return await endpoints_of(self._link, self._trunks)
        link = await self._own_link()
        try:
            return await endpoints_of(link, self._trunks)
        finally:
            await link.close()

    async def examine(self) -> Sequence[Finding]:
        """All that `pitline doctor ami` and the settings page say; over a line of its own where none
        is up."""
        if self._link is not None:
            return await self._examined(self._link, self._pbx)
        try:
            link = await self._own_link()
        except (NotReady, AuthFailed) as error:
            return not_connected(error, self._config.address, is_refused=isinstance(error, AuthFailed))
        try:
            return await self._examined(link, await self._asked(link))
        finally:
            await link.close()

    async def _examined(self, link: AmiLink, pbx: Pbx) -> Sequence[Finding]:
        return await examine_link(link, pbx, self._trunks, self.names_seen, self._config.record)

    def set_trunks(self, patterns: Sequence[str]) -> None:
        """Which endpoints are outside lines, for calls that begin from now on."""
        self._trunks = tuple(patterns)
        self._consumer.tracker.set_trunks(self._trunks)

    async def order(self, action: Action) -> Outcome:
        """Send an action that changes the world, once."""
        link = self._link
        if link is None:
            raise NotReady("there is no line to the PBX")
        return outcome_of(await link.ask(action))

    async def ask(self, action: Action) -> Answer:
        """Ask the PBX something that changes nothing."""
        link = self._link
        if link is None:
            raise NotReady("there is no line to the PBX")
        return await link.ask(action)

    # CallControl

    @property
    def takes_orders(self) -> bool:
        """Whether the line is up."""
        return self._link is not None

    def lacks(self) -> Mapping[CommandKind, str]:
        """What the PBX's user may not do, by the rights that it told at the log-in."""
        return lacking(self._allowed)

    async def carry_out(self, command: Command) -> CommandResult:
        """Give the order, once; never kept for a later line."""
        link = self._link
        if link is None:
            return CommandResult(kind="unsent", text="There is no line to the PBX.")
        if isinstance(command, BeginRecording):
            return await self._recorder.begin(command.call_id)
        if isinstance(command, StopRecording):
            self._recorder.never(command.call_id)
        return await Orders(link.ask, self._consumer.tracker, self._clock).carry_out(command)

    def drop_line(self) -> None:
        """Close the line to the PBX as a broken cable would; the supervisor makes a new one."""
        if self._link is not None:
            self._link.drop()

    def statistics(self) -> Mapping[str, float]:
        """Counters and gauges for /metrics, over all sessions of this process."""
        figures = dict(self._totals)
        if self._link is not None:
            add(figures, figures_of(self._link))
        inbox, consumer = self._inbox, self._consumer
        figures |= {
            "queue_length": len(inbox),
            "queue_high_water": inbox.high_water,
            "messages_lost": inbox.dropped,
            "tracker_faults": consumer.faults,
            "facts": consumer.outgoing.stored,
            "batches": consumer.outgoing.stores,
            "session": self._session,
            "is_up": float(self._state.is_up),
        }
        return figures

    @property
    def names_seen(self) -> frozenset[str]:
        """Every event name that came since the start, kept or not; what is filtered is not here."""
        return self._names_seen | (self._link.framer.names_seen if self._link else frozenset())

    def _count(self, link: AmiLink) -> None:
        self._names_seen |= link.framer.names_seen
        add(self._totals, figures_of(link))

    def _say(self, is_up: bool, text: str) -> None:
        since = self._state.since if self._state.is_up == is_up else self._clock.now()
        self._state = LinkState(is_up=is_up, since=since, text=text, pbx_version=self._pbx.version)
        self.on_change()

    async def _own_link(self) -> AmiLink:
        mask = event_mask(frozenset())
        return await open_link(self._config, self._clock, frozenset(), mask, _ignore)


def _unheard() -> None:
    """Nobody wants to know at once how the line is; it can be asked."""


def _ignore(messages: Sequence[Message], at: datetime) -> None:
    """An examination follows no calls."""
