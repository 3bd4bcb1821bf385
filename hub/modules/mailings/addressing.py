"""By which channel and at which address a client gets a mailing: the first that is there and allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.api import ClientView
from hub.modules.mailings.gate import Gate
from hub.modules.messaging.api import MessagingApi


@dataclass(frozen=True, slots=True)
class Found:
    """Where to write, or why not. `until`: not at this hour."""

    channel: str = ""
    address: str = ""
    reason: str = ""
    until: datetime | None = None


class Addressing:
    """For one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._gate = Gate(uow, deps)
        self._messaging = MessagingApi(uow, deps)
        self._channels = self._messaging.channels

    async def of(self, client: ClientView, channels: Sequence[str], at: datetime | None = None) -> Found:
        """The first way that is open; else the reason of the first that is not."""
        if client.relation != "client":
            return Found(reason="not_a_client")
        if client.is_archived:
            return Found(reason="archived")
        if client.blocked_reason:
            return Found(reason="blacklisted")
        reason = ""
        for channel in channels:
            for address in await self._addresses(client, channel):
                answer = await self._gate.ask(client.id, channel, address, at)
                if answer.is_open:
                    return Found(channel, address, until=answer.until)
                reason = reason if reason not in ("", "landline") else answer.code
        return Found(reason=reason or "no_address")

    async def _addresses(self, client: ClientView, channel: str) -> list[str]:
        known = self._channels.of(channel)
        if known is None:
            return []
        return [way.address for way in await self._messaging.ways(client.id) if way.channel == channel]
