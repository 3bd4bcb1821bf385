"""Links into the bot: made once for a cause, good for the first chat that follows them. Never commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from hub.errors import Conflict
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.bot.models import Start
from hub.modules.bot.rules import START, hash_of_word, word_of
from hub.modules.crm.api import number_key
from hub.ports.messaging import ChatBot
from hub.values import normalise_number

StartOutcome = Literal["good", "used", "old", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What a followed link is. `menu`: the entry that it leads to; else whom it ties the chat to."""

    outcome: StartOutcome
    menu: str = ""
    argument: str = ""
    number: str | None = None
    client_id: str | None = None
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLink:
    """A link as it is given to somebody."""

    url: str
    expires_at: datetime


class StartService:
    """Makes links, and follows them."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._country = deps.places.of(uow.shop_id).country

    async def bot_name(self) -> str:
        """What the bot is called in the messenger; empty where there is none, or it is not known yet."""
        bot = next((one for one in self._deps.senders if isinstance(one, ChatBot)), None)
        return await bot.bot_name() if bot is not None else ""

    async def link(
        self, cause: str, *, client_id: str | None = None, number: str | None = None,
        call_id: str | None = None, menu: str = "", argument: str = "", lives: timedelta,
    ) -> StartLink:  # fmt: skip
        """The link of a cause: the same one, however often it is asked for. Raises Conflict where there is
        no bot."""
        name = await self.bot_name()
        if not name:
            raise Conflict(
                "bot.none", "There is no bot that a link could lead to.",
                "Set the Telegram bot up in the settings, and wait until it is connected.",
            )  # fmt: skip
        word = word_of(self._deps.seal.sign(cause.encode(), START))
        word_hash = hash_of_word(word) or ""
        await self._uow.take_turn(f"bot:start:{word_hash}")
        row = await self._session.get(Start, word_hash)
        if row is None:
            now = self._clock.now()
            whole = normalise_number(number, self._country) if number is not None else None
            row = Start(
                word_hash=word_hash, cause=cause[:200], client_id=client_id, number=whole,
                number_key=number_key(whole, self._country) if whole is not None else None, call_id=call_id,
                menu=menu, argument=argument, created_at=now, expires_at=now + lives, used_at=None,
                used_chat=None, conversation_id=None,
            )  # fmt: skip
            self._session.add(row)
            await self._session.flush()
        return StartLink(url=f"https://t.me/{name}?start={word}", expires_at=row.expires_at)

    async def follow(self, word: str, chat: str, conversation_id: str) -> Followed:
        """Somebody came by it: the first chat is tied, every other one learns that it is used."""
        word_hash = hash_of_word(word)
        if word_hash is None:
            return Followed(outcome="unknown")
        query = select(Start).where(Start.word_hash == word_hash).with_for_update()
        row = (await self._session.scalars(query)).first()
        if row is None:
            return Followed(outcome="unknown")
        if row.used_chat is not None and row.used_chat != chat:
            return Followed(outcome="used")
        if row.used_chat is None and row.expires_at <= self._clock.now():
            return Followed(outcome="old")
        if row.used_chat is not None and row.menu:
            return Followed(outcome="used")
        row.used_chat, row.used_at = chat, row.used_at or self._clock.now()
        row.conversation_id = conversation_id
        return Followed(
            outcome="good", menu=row.menu, argument=row.argument, number=row.number, client_id=row.client_id,
            call_id=row.call_id,
        )  # fmt: skip
