"""What a client says in the bot about advertising: a yes and a no of their own, by their own press."""

from __future__ import annotations

from hub.kernel.bot import BotAnswer, BotChoice, BotTalk
from hub.modules.consents.api import ConsentEntry, ConsentsApi, Subject

NAME = "bot.offers"


async def offers(talk: BotTalk) -> BotAnswer:
    """How it stands, and the way to the other side; `on` and `off` are what they choose."""
    ledger = talk.apis.of(ConsentsApi).ledger
    subject = Subject(client_id=talk.client_id, channel=talk.channel, address=talk.address)
    if talk.argument == "off":
        await ledger.choose(subject, "marketing_off", form="message", source=talk.channel)
        return BotAnswer(
            text=talk.t("You get no advertising from us any more. Messages about your own car still come.")
        )
    if talk.argument == "on":
        evidence = talk.t("Yes, write me about offers")
        if (await ledger.read(subject)).is_blocked:
            await ledger.choose(subject, "back_on", form="message", source=talk.channel)
        entry = ConsentEntry(
            subject=subject, topic="marketing", act="granted", form="message", source=talk.channel,
            evidence=evidence,
        )  # fmt: skip
        await ledger.record(entry)
        return BotAnswer(text=talk.t("Thank you. We write rarely, and STOP ends it at any time."))
    if (await ledger.read(subject)).marketing == "granted":
        return BotAnswer(
            text=talk.t("You get our offers now and then."),
            choices=(BotChoice(title=talk.t("No more advertising"), menu=NAME, argument="off"),),
        )
    return BotAnswer(
        text=talk.t("You get only messages about your own car from us. May we write about offers too?"),
        choices=(BotChoice(title=talk.t("Yes, write me about offers"), menu=NAME, argument="on"),),
    )
