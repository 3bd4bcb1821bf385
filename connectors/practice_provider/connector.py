"""The practice provider as a connector: it serves one account, and brings what the shop sends to its
phones."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from connectors.loopback import address_of, bind_loopback
from connectors.practice_provider.account import PracticeShortMessage, ProviderAccount
from connectors.practice_provider.server import PracticeProvider
from hub.clock import Clock
from hub.errors import Invalid
from hub.ports.connector import Status
from hub.ports.intake import Intake
from hub.ports.messaging import PracticeText

SENDER = "AvtoMaister"


class PracticeShortMessages:
    """A Connector and a PracticePhone of the pages. The port is taken when it is built, so that `http_sms`
    can be told; token and secret are new in each process."""

    def __init__(self, reach: str, clock: Clock) -> None:
        self.account = ProviderAccount(secrets.token_hex(16), secrets.token_hex(16), clock)
        self._listener = bind_loopback()
        self.base = address_of(self._listener)
        self._hook = f"{reach}/hooks/http_sms"

    @property
    def name(self) -> str:
        return "practice_provider"

    @property
    def runs_everywhere(self) -> bool:
        """Each process has one of its own."""
        return True

    async def run(self, intake: Intake, status: Status) -> None:
        """Serve until cancelled."""
        provider = PracticeProvider(self.account, hook=self._hook, reports=True)
        await provider.start(listener=self._listener.dup())
        status.report("ready", f"the practice provider answers on {self.base}")
        try:
            await asyncio.Event().wait()
        finally:
            await provider.stop()

    @property
    def title(self) -> str:
        """Of the phone, on its page."""
        return "Viber, SMS"

    @property
    def number(self) -> str:
        """The name that the shop sends under."""
        return SENDER

    @property
    def can_write(self) -> bool:
        """Nobody can answer to a name."""
        return False

    def numbers(self) -> Sequence[str]:
        """Whoever was written to, the last one first."""
        found = [f"+{one.phone}" for one in reversed(self.account.messages.values())]
        return tuple(dict.fromkeys(found))

    def texts(self, number: str) -> Sequence[PracticeText]:
        """What the shop has sent to this number, in order."""
        return tuple(_shown(one) for one in self.account.messages.values() if f"+{one.phone}" == number)

    async def write(self, number: str, text: str) -> str:
        """Raises Invalid."""
        raise Invalid(
            "practice.one_way", "Nobody can answer to a name: the shop's SMS and Viber are one-way."
        )


def _shown(one: PracticeShortMessage) -> PracticeText:
    return PracticeText(
        at=one.created_at, text=one.text, state=one.status.lower(), is_of_the_shop=True, channel=one.leg
    )
