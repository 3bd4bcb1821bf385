"""Invitation calls fall under the same consent as messages. Never commits."""

from __future__ import annotations

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.api import ClientView
from hub.modules.mailings.gate import Gate

CALL = "call"


class CallingService:
    """Who may be rung up."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._gate = Gate(uow, deps)

    async def number(self, client: ClientView) -> str:
        """Their main phone, if they may be called to be invited; else empty."""
        if client.relation != "client" or client.is_archived or client.blocked_reason:
            return ""
        phones = sorted(client.phones, key=lambda one: not one.is_main)
        number = phones[0].number if phones else ""
        if not number:
            return ""
        return number if (await self._gate.ask(client.id, CALL, number)).is_open else ""
