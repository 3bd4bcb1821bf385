"""The practice Twilio as a connector: it serves one account, brings what one writes as a client, and reports
that everything was delivered."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from connectors.loopback import address_of, bind_loopback
from connectors.practice_twilio.account import Account, PracticeMessage
from connectors.practice_twilio.server import PracticeTwilio
from hub.clock import Clock
from hub.errors import Invalid, Unavailable
from hub.ports.connector import Status
from hub.ports.intake import Intake
from hub.ports.messaging import PracticeText
from hub.values import PhoneNumber

NUMBER = "+380441230000"
_LONGEST = 1600
_FAILED = "The hub did not take it."


class PracticeSms:
    """A Connector and the PracticePhone of the pages. The port is taken when it is built, so that the Twilio
    connector can be told; account and token are new in each process."""

    def __init__(self, public: str, reach: str, clock: Clock) -> None:
        self.account = Account(f"AC{secrets.token_hex(16)}", [secrets.token_hex(16)], clock)
        self._listener = bind_loopback()
        self.base = address_of(self._listener)
        self._public, self._reach = public, reach
        self._twilio: PracticeTwilio | None = None

    @property
    def name(self) -> str:
        return "practice_twilio"

    @property
    def runs_everywhere(self) -> bool:
        """Each process has one of its own."""
        return True

    async def run(self, intake: Intake, status: Status) -> None:
        """Serve until cancelled."""
        twilio = PracticeTwilio(self.account, public=self._public, reach=self._reach, reports=True)
        await twilio.start(listener=self._listener.dup())
        self._twilio = twilio
        status.report("ready", f"the practice Twilio answers on {self.base}")
        try:
            await asyncio.Event().wait()
        finally:
            self._twilio = None
            await twilio.stop()

    @property
    def title(self) -> str:
        """Of the phone, on its page."""
        return "SMS"

    @property
    def can_write(self) -> bool:
        """The shop has a number that one can answer to."""
        return True

    @property
    def number(self) -> str:
        """The shop's."""
        return NUMBER

    def numbers(self) -> Sequence[str]:
        """Whoever wrote or was written to, the last one first."""
        found = [_other(one) for one in reversed(self.account.messages.values())]
        return tuple(dict.fromkeys(found))

    def texts(self, number: str) -> Sequence[PracticeText]:
        """What was said between the shop and this number, in order."""
        return tuple(
            PracticeText(
                at=one.created_at, text=one.body, state=one.status, is_of_the_shop=one.direction != "inbound"
            )
            for one in self.account.messages.values()
            if _other(one) == number
        )

    async def write(self, number: str, text: str) -> str:
        """Write to the shop as this number; the number as it is known. Raises Invalid, Unavailable."""
        sender = PhoneNumber.parse(number, "UA")
        if sender is None:
            raise Invalid("practice.number", "This is no phone number.")
        if not text.strip() or len(text) > _LONGEST:
            raise Invalid("practice.text", "Write something, not more than 1600 characters.")
        if self._twilio is None:
            raise Unavailable("practice.down", "The practice Twilio does not run just now.")
        _, answer = await self._twilio.write(sender.e164, NUMBER, text)
        if answer != 200:
            raise Unavailable("practice.refused", _FAILED, "Look at /system/hooks for the reason.")
        return sender.e164


def _other(one: PracticeMessage) -> str:
    return one.sender if one.direction == "inbound" else one.to
