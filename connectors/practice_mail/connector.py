"""The practice mail server as a connector: it listens, and shows what the shop has sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from connectors.loopback import bind_loopback
from connectors.practice_mail.server import PracticeLetter, PracticeMailServer
from hub.clock import Clock
from hub.errors import Invalid
from hub.ports.connector import Status
from hub.ports.intake import Intake
from hub.ports.messaging import PracticeText

ADDRESS = "shop@practice.example"


class PracticeMail:
    """A Connector and a PracticePhone of the pages. The port is taken when it is built, so that `email`
    can be told."""

    def __init__(self, clock: Clock) -> None:
        self._server = PracticeMailServer(clock)
        self._listener = bind_loopback()
        self.port = int(self._listener.getsockname()[1])

    @property
    def name(self) -> str:
        return "practice_mail"

    @property
    def runs_everywhere(self) -> bool:
        """Each process has one of its own."""
        return True

    async def run(self, intake: Intake, status: Status) -> None:
        """Serve until cancelled."""
        server = await asyncio.start_server(self._server.serve, sock=self._listener.dup())
        status.report("ready", f"the practice mail server listens on port {self.port}")
        try:
            await asyncio.Event().wait()
        finally:
            server.close()

    @property
    def title(self) -> str:
        """Of the mailbox, on its page."""
        return "E-mail"

    @property
    def number(self) -> str:
        """The address that the shop sends from."""
        return ADDRESS

    @property
    def can_write(self) -> bool:
        """Answers go to the shop's mailbox, which is not here."""
        return False

    def numbers(self) -> Sequence[str]:
        """Whoever was written to, the last one first."""
        return tuple(dict.fromkeys(one.to for one in reversed(self._server.letters)))

    def texts(self, number: str) -> Sequence[PracticeText]:
        """The letters to this address, in order."""
        return tuple(_shown(one) for one in self._server.letters if one.to == number)

    async def write(self, number: str, text: str) -> str:
        """Raises Invalid."""
        raise Invalid("practice.one_way", "Answers to letters go to the shop's mailbox, which is not here.")


def _shown(one: PracticeLetter) -> PracticeText:
    text = "\n".join((one.text, *(f"[{name}]" for name in one.files)))
    return PracticeText(at=one.at, text=text, state="delivered", is_of_the_shop=True, subject=one.subject)
