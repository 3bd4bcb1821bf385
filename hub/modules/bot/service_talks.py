"""What the bot says to somebody who speaks to it. Never commits; may run twice."""

from __future__ import annotations

from dataclasses import replace

from hub.events.messages import MessageArrived
from hub.kernel.bot import BotAnswer, BotMenu
from hub.kernel.context import Apis, Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.bot.rules import ANSWER_LIVES, chat_of, command_in, language_of
from hub.modules.bot.service_buttons import ButtonService
from hub.modules.bot.service_starts import StartService
from hub.modules.bot.talk import Talk
from hub.modules.consents.api import word_of
from hub.modules.crm.api import CrmApi
from hub.modules.messaging.api import MessageEntry, MessagingApi, PlaceView
from hub.ports.messaging import Button
from hub.values import ShopId


class TalkService:
    """Answers presses, links, numbers and commands; one answer for one message."""

    def __init__(self, uow: UnitOfWork, deps: Deps, apis: Apis) -> None:
        self._uow = uow
        self._deps = deps
        self._apis = apis
        self._messaging = apis.of(MessagingApi)
        self._buttons = ButtonService(uow, deps)
        self._starts = StartService(uow, deps)

    async def heard(self, event: MessageArrived) -> None:
        """Answer it, if it is the bot that is spoken to; free words are for people."""
        channel = self._messaging.channels.of(event.channel)
        if not event.is_for_the_bot or channel is None or not channel.can_buttons:
            return
        if event.pressed is None and event.start is None and word_of(event.text, event.channel) is not None:
            return  # `/stop` has its effect, and is confirmed, by consents
        cause = f"bot:{event.message_id}"
        if await self._messaging.reading.causes([cause]):
            return
        talk = await self._talk(event)
        if event.pressed is not None:
            answer = await self._pressed(event, event.pressed, talk)
        elif event.start:
            talk, answer = await self._started(event, event.start, talk)
        elif event.phone is not None:
            talk, answer = await self._recognised(event.phone, talk)
        else:
            answer = self._commanded(command_in(event.text), talk)
        await self._say(answer, talk, cause)

    async def _talk(self, event: MessageArrived) -> Talk:
        thread = await self._messaging.reading.conversation(event.conversation_id, None)
        return await self._known(
            Talk(
                uow=self._uow, apis=self._apis, deps=self._deps, client_id=thread.client_id,
                conversation_id=thread.id, channel=event.channel, address=event.address,
                language=event.language or "",
            )
        )  # fmt: skip

    async def _known(self, talk: Talk) -> Talk:
        """In the language of whoever it is now."""
        thread = await self._messaging.reading.conversation(talk.conversation_id, None)
        client_id = thread.client_id
        known = await self._apis.of(CrmApi).clients_by_ids([client_id]) if client_id is not None else {}
        client = known.get(client_id or "")
        shop = await self._apis.of(AccessApi).shop(ShopId(thread.shop_id))
        said = client.language if client is not None else None
        language = language_of(said, talk.language, shop.language)
        return replace(talk, client_id=client_id, conversation_id=thread.id, language=language)

    async def _pressed(self, event: MessageArrived, payload: str, talk: Talk) -> BotAnswer:
        press = await self._buttons.press(payload, chat_of(talk.channel, talk.address), event.message_id)
        menu = self._menu(press.menu)
        if press.outcome == "good" and menu is not None:
            return await self._led(menu, replace(talk, argument=press.argument))
        why = press.outcome if press.outcome != "good" else "gone"
        self._refused("bot.press", event, why)
        if press.outcome == "used":
            return BotAnswer(text=talk.t("You have pressed this button already. Here are new ones:"))
        return BotAnswer(text=talk.t("This button does not work any more. Here are new ones:"))

    async def _started(self, event: MessageArrived, word: str, talk: Talk) -> tuple[Talk, BotAnswer]:
        link = await self._starts.follow(word, chat_of(talk.channel, talk.address), talk.conversation_id)
        if link.outcome != "good":
            self._refused("bot.link", event, link.outcome)
            return talk, BotAnswer(text=talk.t("This link does not work any more.") + "\n" + _greeting(talk))
        if link.menu:
            menu = self._menu(link.menu)
            if menu is None:
                return talk, BotAnswer(text=_greeting(talk))
            return talk, await self._led(menu, replace(talk, argument=link.argument))
        await self._messaging.clients.tie(talk.channel, talk.address, link.number, link.client_id)
        talk = await self._known(talk)
        return talk, BotAnswer(text=_greeting(talk))

    async def _recognised(self, phone: str, talk: Talk) -> tuple[Talk, BotAnswer]:
        await self._messaging.clients.tie(talk.channel, talk.address, phone, None)
        talk = await self._known(talk)
        return talk, BotAnswer(text=talk.t("Thank you, now we know who writes. How can we help?"))

    def _commanded(self, command: str, talk: Talk) -> BotAnswer:
        if command in ("start", "menu", "help"):
            return BotAnswer(text=_greeting(talk))
        return BotAnswer(text=talk.t("This command is not known here. Choose, or simply write to us:"))

    async def _led(self, menu: BotMenu, talk: Talk) -> BotAnswer:
        if menu.needs_client and talk.client_id is None:
            return BotAnswer(text=talk.t("For this we have to know who you are."))
        return await menu.answer(talk)

    def _menu(self, name: str) -> BotMenu | None:
        return next((one for one in self._deps.bot if one.name == name), None)

    async def _say(self, answer: BotAnswer, talk: Talk, cause: str) -> None:
        if answer.is_for_people:
            await self._messaging.threads.ask(talk.conversation_id, None)
        place = answer.place
        entry = MessageEntry(
            conversation_id=talk.conversation_id, channel=talk.channel, address=talk.address,
            text=answer.text, cause=cause, priority="notice", author="bot",
            not_after=self._deps.clock.now() + ANSWER_LIVES, buttons=self._below(answer, talk),
            place=PlaceView(latitude=place.latitude, longitude=place.longitude) if place else None,
        )  # fmt: skip
        if (
            await self._messaging.answering.answer(entry)
            and answer.has_menu
            and talk.client_id is None
            and not await self._messaging.clients.has_number(talk.channel, talk.address)
        ):
            # A messenger shows either buttons below a message or one in place of the keyboard: two messages.
            await self._messaging.answering.answer(
                replace(
                    entry, cause=f"{cause}:phone", place=None,
                    text=talk.t("Share your number by the button below, and we know which car is yours."),
                    buttons=(Button(title=talk.t("Share my number"), asks="contact"),),
                )
            )  # fmt: skip

    def _below(self, answer: BotAnswer, talk: Talk) -> tuple[Button, ...]:
        chat = chat_of(talk.channel, talk.address)
        own = [
            Button(title=one.title, url=one.url)
            if one.url
            else Button(title=one.title, payload=self._buttons.make(chat, one.menu, one.argument))
            for one in answer.choices
        ]
        listed = [one for one in self._deps.bot if one.is_listed] if answer.has_menu else []
        menu = [Button(title=talk.t(one.title), payload=self._buttons.make(chat, one.name)) for one in listed]
        return (*own, *menu)

    def _refused(self, action: str, event: MessageArrived, why: str) -> None:
        details = {"why": why, "channel": event.channel, "message": event.message_id}
        self._apis.of(AccessApi).audit.add(action, "refused", subject=event.conversation_id, details=details)


def _greeting(talk: Talk) -> str:
    return talk.t("Good day! Write to us here, or choose:")
