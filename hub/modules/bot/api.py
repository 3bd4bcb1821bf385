"""What other modules and pages may ask of the bot."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.parts import Composed, Part
from hub.modules.bot.rules import language_of
from hub.modules.bot.service_buttons import ButtonService
from hub.modules.bot.service_starts import StartLink, StartService

__all__ = ["BotApi", "StartLink", "language_of"]

_DAYS = 14


class BotApi(Composed):
    """The clients' bot, for one unit of work. `buttons` are those below its answers, `starts` the links that
    lead to it."""

    buttons = Part(ButtonService)
    starts = Part(StartService)

    async def name(self) -> str:
        """What it is called in the messenger; empty where there is none."""
        return await self.starts.bot_name()

    async def start_link(
        self, cause: str, *, client_id: str | None = None, number: str | None = None,
        call_id: str | None = None, days: int = _DAYS,
    ) -> StartLink | None:  # fmt: skip
        """A link for a client, or for whoever has this number: the chat that follows it first is theirs, and
        belongs to the call. The same cause is the same link. None where there is no bot."""
        if not await self.name():
            return None
        return await self.starts.link(
            cause, client_id=client_id, number=number, call_id=call_id, lives=timedelta(days=days)
        )

    async def link_to(self, cause: str, menu: str, argument: str, lives: timedelta) -> StartLink:
        """A link to an entry of the bot, good once. Raises Conflict where there is no bot."""
        return await self.starts.link(cause, menu=menu, argument=argument, lives=lives)
