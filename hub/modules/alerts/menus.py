"""The entry of the bot that ties a person's messenger account to them."""

from __future__ import annotations

from hub.kernel.bot import BotAnswer, BotTalk
from hub.modules.access.api import AccessApi
from hub.modules.alerts.api import AlertsApi


async def bind(talk: BotTalk) -> BotAnswer:
    """By a link from their own page, good once: in a private chat the chat is the account."""
    name = await talk.apis.of(AlertsApi).accounts.bind(talk.argument, talk.channel, talk.address)
    outcome = "done" if name is not None else "refused"
    talk.apis.of(AccessApi).audit.add("alerts.account", outcome, subject=talk.argument)
    if name is None:
        return BotAnswer(text=talk.t("This link does not work any more."), has_menu=False)
    return BotAnswer(
        text=talk.t("Good day, {name}. In the staff’s group the buttons now do what you press.", name=name),
        has_menu=False,
    )
