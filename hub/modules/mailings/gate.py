"""Who may be written to, and the link by which they end it: consents, as mailings ask for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.consents.api import ConsentsApi, Sending, Subject

PURPOSE: Literal["marketing"] = "marketing"


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is a reason of `rules.REASONS`, or empty: yes. `until`: it is only the hour, and may go then."""

    code: str = ""
    until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """They may get it, if not at this hour."""
        return not self.code or self.until is not None


class Gate:
    """Asked when the list is made, and again before each message."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._consents = ConsentsApi(uow, deps)

    async def ask(self, client_id: str, channel: str, address: str, at: datetime | None = None) -> Answer:
        """Whether this client may get a mailing there."""
        verdict = await self._consents.may_send(
            Sending(purpose=PURPOSE, client_id=client_id, channel=channel, address=address, at=at)
        )
        return Answer(verdict.code, verdict.until if verdict.is_held else None)

    async def take_turns(self, client_ids: Collection[str]) -> None:
        """Before messages to these clients are counted: everybody takes them in the same order."""
        for client_id in sorted(client_ids):
            await self._consents.gate.take_turn(Sending(purpose=PURPOSE, client_id=client_id))

    async def link(self, client_id: str, channel: str, address: str) -> str:
        """Where this client ends mailings. Raises Conflict without a public address."""
        whose = Subject(client_id=client_id, channel=channel, address=address)
        return await self._consents.unsubscribe_link(whose)

    def sample_link(self) -> str:
        """As long as a real one."""
        return f"{self._deps.settings.server.public_url.rstrip('/')}/c/{'x' * 22}"
