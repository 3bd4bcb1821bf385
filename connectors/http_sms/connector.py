"""SMS and Viber by a provider that a profile describes: what goes out is asked of its API, how far it came is
brought by the provider, or asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.http_sms.api import ProviderApi
from connectors.http_sms.config import HttpSmsSettings
from connectors.http_sms.profile import Profile
from connectors.http_sms.translate import Outcome, Told, arrivals, outcome_of, state_in, states_in
from connectors.http_sms.verify import read, verifier
from hub.clock import Clock
from hub.ports.connector import Status
from hub.ports.errors import AuthFailed, ConnectorError, NotReady, TransientError
from hub.ports.hooks import Hook, HookAnswer, HookRequest
from hub.ports.intake import Arrival, Intake
from hub.ports.messaging import Channel, OutgoingMessage, Refused, Sent, SentMessage, UnknownOutcome
from hub.ports.outbound import Outbound
from hub.ports.telephony import Finding

_LARGEST_REQUEST = 64 * 1024
_LOOK_AGAIN = 900.0
_SKEW = timedelta(minutes=1)


class HttpSms:
    """Implements Connector, TakesHooks, MessageSender and AsksStates. `name` is the section of its
    settings."""

    def __init__(
        self, name: str, settings: HttpSmsSettings, profile: Profile, outbound: Outbound, clock: Clock,
        public_url: str = "",
    ) -> None:  # fmt: skip
        self._name = name
        self._settings = settings
        self._profile = profile
        self._api = ProviderApi(settings, profile, outbound)
        self._clock = clock
        self._callback = f"{public_url}/hooks/{name}" if public_url else ""
        self._intake: Intake | None = None
        self._trouble = asyncio.Event()

    @property
    def name(self) -> str:
        return self._name

    async def run(self, intake: Intake, status: Status) -> None:
        """Ask whether the account is good, and again every few minutes."""
        try:
            while True:
                balance = await self._checked()
                self._trouble.clear()
                self._intake = intake
                status.report("ready", self._words(), balance=balance)
                await self._rest()
        finally:
            self._intake = None
            await self._api.close()

    async def examine(self) -> Sequence[Finding]:
        """Whether the account is good, and what it has left."""
        try:
            balance = await self._checked()
        except ConnectorError as error:
            hint = f"Look at HUB_{self._name.upper()}__… in the settings."
            return [Finding(level="problem", text=f"{self._name}: {error.text}", hint=hint)]
        finally:
            await self._api.close()
        left = f"; the account has {balance} left" if balance else ""
        found = [Finding(level="ok", text=f"{self._name}: {self._words()}{left}.")]
        if self._profile.webhook is not None and not self._settings.webhook_secret.value:
            hint = f"Set HUB_{self._name.upper()}__WEBHOOK_SECRET for reports that come at once."
            found.append(Finding(level="ok", text="How far messages have come is asked for.", hint=hint))
        return found

    def hooks(self) -> Sequence[Hook]:
        """Reports, where the provider brings them."""
        webhook = self._profile.webhook
        if webhook is None:
            return ()
        return (
            Hook(
                path=f"/hooks/{self._name}", verify=verifier(webhook, self._settings.webhook_secret),
                translate=self._reported, answer=HookAnswer(body=b"OK"), largest=_LARGEST_REQUEST,
            ),
        )  # fmt: skip

    def channels(self) -> Mapping[str, Channel]:
        """Those that we have a sender's name for. Nobody can answer to a name."""
        senders = {"sms": self._settings.sms_sender, "viber": self._settings.viber_sender}
        return {
            name: Channel(
                name=name, account=senders[name], can_reply=False, can_buttons=False, can_media=False,
                can_write_first=True, longest=spec.longest, per_second=self._profile.per_second, per_chat=1.0,
                falls_to=spec.falls_to,
            )
            for name, spec in self._profile.channels.items()
            if senders[name]
        }  # fmt: skip

    @property
    def takes_messages(self) -> bool:
        return self._intake is not None

    @property
    def asks_every(self) -> float:
        """Seconds between two rounds; 0: it is never asked."""
        return self._profile.ask.every_seconds if self._profile.ask is not None else 0.0

    async def send(self, message: OutgoingMessage) -> Sent:
        """As ports.messaging."""
        if self._intake is None:
            raise NotReady(f"{self._profile.title} is not connected.")
        if message.files:
            raise Refused("A file cannot go by SMS.")
        self._demand_certainty(message)
        status, body = await self._api.send(message, self._callback)
        outcome = outcome_of(self._profile, body)
        if status >= 500 and outcome.verdict not in ("sent", "blocked", "refused"):
            outcome = Outcome("unknown", text=f"{self._profile.title} has trouble of its own.")
        if outcome.verdict == "sent":
            return Sent(provider_id=outcome.id)
        raise self._failure(outcome)

    async def find(self, message: OutgoingMessage) -> Sent | None:
        """None where the same request twice is one message: it may go again. Raises UnknownOutcome
        elsewhere."""
        self._demand_certainty(replace(message, tries=2))
        return None

    async def fetch(self, channel: str, ref: str) -> AsyncGenerator[bytes, None]:
        """Nobody answers to a name, so there are no files."""
        raise Refused("The file is gone.")
        yield b""

    async def ask(self, messages: Sequence[SentMessage]) -> None:
        """How far these have come; what the provider says goes to the intake. Raises TransientError."""
        ask, intake = self._profile.ask, self._intake
        if ask is None or intake is None:
            return
        known = {one.provider_id: one for one in messages}
        for begin in range(0, len(messages), ask.most):
            ids = [one.provider_id for one in messages[begin : begin + ask.most]]
            body = await self._api.ask(ask, ids)
            found = [self._told(told, known[told.id]) for told in states_in(ask, body) if told.id in known]
            await intake.accept([arrival for one in found for arrival in one])

    def _told(self, told: Told, message: SentMessage) -> list[Arrival]:
        return arrivals(
            self._profile, self._name, told, self._clock.now(), channels=(message.channel,),
            created_at=message.created_at, first_seconds=float(self._settings.viber_seconds),
        )  # fmt: skip

    def _reported(self, request: HookRequest) -> Sequence[Arrival]:
        webhook = self._profile.webhook
        if webhook is None:
            return []
        told = state_in(webhook, read(request))
        names = tuple(self._profile.channels)
        return arrivals(self._profile, self._name, told, request.received_at, channels=names)

    def _demand_certainty(self, message: OutgoingMessage) -> None:
        """A second try is the same message only while the provider remembers the first one, and only
        there."""
        if message.tries < 2:
            return
        ours = {channel.account for channel in self.channels().values()}
        age = self._clock.now() - message.created_at + _SKEW
        if message.account not in ours or age > timedelta(hours=self._profile.remembers_hours):
            raise UnknownOutcome("The provider cannot be asked whether it has it: a person decides.")

    def _failure(self, outcome: Outcome) -> Exception:
        if outcome.verdict == "account":
            self._trouble.set()
            return AuthFailed(outcome.text)
        if outcome.verdict == "again":
            return TransientError(outcome.text, self._profile.reply.again_seconds)
        if outcome.verdict == "unknown":
            return UnknownOutcome(outcome.text)
        return Refused(outcome.text, outcome.code, is_blocked=outcome.verdict == "blocked")

    async def _checked(self) -> str:
        """What the account has left, where the provider tells it. Raises AuthFailed, NotReady."""
        if not self.channels():
            raise AuthFailed(f"Set HUB_{self._name.upper()}__SMS_SENDER: without it nothing can be sent.")
        return await self._api.check()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_AGAIN):
                await self._trouble.wait()
        except TimeoutError:
            return
        self._intake = None
        raise AuthFailed(f"{self._profile.title} refused a message: the account, its token or its balance.")

    def _words(self) -> str:
        names: dict[str, Any] = {name: channel.account for name, channel in self.channels().items()}
        shown = ", ".join(f"{name} {account}" for name, account in names.items())
        return f"{self._profile.title}: {shown}"
