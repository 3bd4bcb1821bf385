"""A PBX link and practice exchange for pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hub.ports.errors import NotReady
from hub.ports.telephony import Endpoint, Finding, LinkState, Rehearsal

SINCE = datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC)


class FakePbx:
    """A PBX link that says what it is told to say, and remembers what it was told."""

    name = "ami"

    def __init__(self) -> None:
        self.is_up = True
        self.is_deaf = False
        self.trunks: list[Sequence[str]] = []
        self.played: list[str] = []

    def link(self) -> LinkState:
        return LinkState(is_up=self.is_up, since=SINCE, text="as told", pbx_version="Asterisk 22")

    async def endpoints(self) -> Sequence[Endpoint]:
        if self.is_deaf:
            raise NotReady("The PBX is away.")
        named = [("101", False), ("kyivstar_1", True), ("<b>sip044</b>", False)]
        return [Endpoint(name=name, state="online", is_trunk=is_trunk) for name, is_trunk in named]

    async def examine(self) -> Sequence[Finding]:
        return [Finding(level="problem", text="No right to read <calls>.", hint="Add read=call.")]

    def set_trunks(self, patterns: Sequence[str]) -> None:
        self.trunks.append(tuple(patterns))

    def rehearsals(self) -> Sequence[Rehearsal]:
        return [Rehearsal(name="known", title="A known client rings")]

    async def play(self, name: str) -> None:
        if name != "known":
            raise KeyError(name)
        self.played.append(name)
