"""Buttons of the bot: made for one chat, signed, good once. Never commits."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select

from hub.kernel.bot import LONGEST_ARGUMENT, BotMenu
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.bot.models import PayloadButton, Start
from hub.modules.bot.rules import BUTTON, BUTTON_LIVES, parsed_payload, payload_of

PressOutcome = Literal["good", "used", "old", "foreign", "forged"]


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press is: `menu` and `argument` of a good one."""

    outcome: PressOutcome
    menu: str = ""
    argument: str = ""


class ButtonService:
    """Makes them, and says what a press is worth."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._seal = deps.seal

    def make(self, chat: str, menu: BotMenu | str, argument: str = "") -> str:
        """The payload of a new button for this chat. ValueError for an argument that is too long."""
        if len(argument) > LONGEST_ARGUMENT:
            raise ValueError("the argument of a button is too long")
        button_id = secrets.token_urlsafe(12)
        self._session.add(
            PayloadButton(
                id=button_id, chat=chat, menu=menu if isinstance(menu, str) else menu.name, argument=argument,
                expires_at=self._clock.now() + BUTTON_LIVES, used_at=None, used_by=None,
            )
        )  # fmt: skip
        return payload_of(button_id, self._seal.sign(button_id.encode(), BUTTON))

    async def press(self, payload: str, chat: str, message_id: str) -> Pressed:
        """Use it up; the same message again finds it as it found it first."""
        found = parsed_payload(payload)
        if found is None or not self._seal.is_signed(found[0].encode(), BUTTON, found[1]):
            return Pressed("forged")
        query = select(PayloadButton).where(PayloadButton.id == found[0]).with_for_update()
        row = (await self._session.scalars(query)).first()
        if row is None:
            return Pressed("old")
        if row.chat != chat:
            return Pressed("foreign")
        if row.used_by is not None and row.used_by != message_id:
            return Pressed("used")
        now = self._clock.now()
        if row.expires_at <= now:
            return Pressed("old")
        row.used_at, row.used_by = row.used_at or now, message_id
        return Pressed("good", row.menu, row.argument)

    async def forget(self, before: datetime) -> None:
        """Buttons and links that were over by then."""
        for table in (PayloadButton, Start):
            await self._session.execute(
                delete(table).where(table.expires_at < before).execution_options(synchronize_session=False)
            )
