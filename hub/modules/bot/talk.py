"""Who talks to the bot, as the entries of its menu see it."""

from __future__ import annotations

from dataclasses import dataclass

from hub.kernel.context import Apis, Deps, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Implements hub.kernel.bot.BotTalk."""

    uow: UnitOfWork
    apis: Apis
    deps: Deps
    client_id: str | None
    conversation_id: str
    channel: str
    address: str
    language: str
    argument: str = ""

    def t(self, text: str, **values: object) -> str:
        """In the language of the talk."""
        return self.deps.texts.say(self.language, text, values)
