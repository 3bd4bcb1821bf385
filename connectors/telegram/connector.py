"""Telegram by a bot: updates are asked for or brought, stored raw and only then confirmed; what goes out is
asked of the API, and of what was not seen to arrive nobody can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connectors.telegram.config import HOOK_PATH, TelegramConfig
from connectors.telegram.connections import Connections
from connectors.telegram.heard import Heard
from connectors.telegram.pacing import PER_CHAT, PER_SECOND, Pacing
from connectors.telegram.presses import Presses
from connectors.telegram.translate import CHANNEL, translator
from connectors.telegram.updates import Updates
from connectors.telegram.verify import update_in, verifier
from hub.clock import Clock
from hub.errors import Unavailable
from hub.log import get_logger
from hub.ports.connector import Status
from hub.ports.errors import AuthFailed, NotReady, TransientError
from hub.ports.hooks import Hook, HookRequest, HookStore
from hub.ports.intake import Intake
from hub.ports.marks import Marks
from hub.ports.messaging import Button, Channel, OutgoingMessage, Sent, UnknownOutcome

if TYPE_CHECKING:
    from connectors.telegram.api import TelegramApi
    from connectors.telegram.speech import Speech

_LONGEST = 4096
_LARGEST_UPDATE = 512 * 1024
CANNOT_ASK = "Telegram cannot be asked whether it has a message: look into the chat, and decide."


class Telegram:
    """Implements Connector, TakesHooks, FetchesHooks, KeepsMarks, MessageSender and ChatBot."""

    def __init__(self, config: TelegramConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._api: TelegramApi | None = None
        self._speech: Speech | None = None
        self._updates: Updates | None = None
        self._store: HookStore | None = None
        self._marks: Marks | None = None
        self._connections: Connections | None = None
        self._pacing = Pacing()
        self._presses = Presses(self._answer, config.press_grace)
        self._errands: set[asyncio.Task[None]] = set()
        self._trouble = asyncio.Event()
        self._bot_name = ""

    @property
    def name(self) -> str:
        return "telegram"

    def stored_by(self, store: HookStore) -> None:
        """What is fetched goes there before it is confirmed."""
        self._store = store

    def marked_by(self, marks: Marks) -> None:
        """What has to be known after a restart."""
        self._marks = marks
        self._connections = Connections(marks, self._config.bot_id)

    async def run(self, intake: Intake, status: Status) -> None:
        """Log in, then ask for updates or see that they are brought."""
        if self._store is None or self._marks is None or self._connections is None:
            raise NotReady("There is nowhere to store what comes.")
        api, speech = await asyncio.to_thread(_load)
        link = api(self._config)
        try:
            me = await link.me()
            await self._called(str(me.get("username") or ""))
            await self._connections.load()
            self._trouble.clear()
            self._api, self._speech = link, speech(link, self._pacing)
            heard = Heard(self._marks, self._clock, self._config.bot_id)
            await heard.load()
            self._updates = Updates(self._config, link, self._store, heard, self._clock, self._words)
            await self._until_trouble(self._updates, status)
        except TransientError as error:
            raise NotReady(error.text) from error
        except Unavailable as error:
            raise NotReady("What comes cannot be stored just now.") from error
        finally:
            self._api = self._speech = self._updates = None
            await link.close()

    async def _called(self, name: str) -> None:
        """Every process is to know it."""
        if self._marks is not None and await self._marks.read(self._name_mark) != name:
            await self._marks.write(self._name_mark, name)
        self._bot_name = name

    @property
    def _name_mark(self) -> str:
        return f"telegram:{self._config.bot_id}:name"

    async def _until_trouble(self, updates: Updates, status: Status) -> None:
        """A message that finds the token refused ends the link too."""
        work = asyncio.create_task(updates.run(status), name="telegram-updates")
        watch = asyncio.create_task(self._trouble.wait(), name="telegram-trouble")
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
            raise AuthFailed("Telegram refused the log-in of a message.")
        finally:
            work.cancel()
            watch.cancel()
            await asyncio.gather(work, watch, return_exceptions=True)

    def hooks(self) -> Sequence[Hook]:
        """One address for all updates; with long polling nobody knows the secret that it asks for."""
        return (
            Hook(
                path=HOOK_PATH, verify=verifier(self._config), translate=translator(self._config.bot_id),
                largest=_LARGEST_UPDATE, kept=self._kept,
                secret_headers=frozenset({"x-telegram-bot-api-secret-token"}),
            ),
        )  # fmt: skip

    def channels(self) -> Mapping[str, Channel]:
        """One. They have to write first."""
        return {
            CHANNEL: Channel(
                name=CHANNEL, account=self._config.account, can_reply=True, can_buttons=True, can_media=True,
                can_write_first=False, longest=_LONGEST, per_second=PER_SECOND,
                per_chat=1 / PER_CHAT, can_place=True,
            )
        }  # fmt: skip

    @property
    def takes_messages(self) -> bool:
        return self._speech is not None and (self._updates is None or not self._updates.is_away)

    async def bot_name(self) -> str:
        """As ports.messaging: in a process that does not hold the link, what the one that does has noted."""
        if not self._bot_name and self._marks is not None:
            with suppress(Unavailable):
                self._bot_name = await self._marks.read(self._name_mark)
        return self._bot_name

    async def send(self, message: OutgoingMessage) -> Sent:
        """As ports.messaging."""
        speech = self._up()
        account = await self._connections.account(message.account) if self._connections is not None else ""
        try:
            return await speech.send(message, account)
        except AuthFailed:
            self._trouble.set()
            raise

    async def find(self, message: OutgoingMessage) -> Sent | None:
        """Never: a bot cannot read what it has sent."""
        raise UnknownOutcome(CANNOT_ASK)

    def fetch(self, channel: str, ref: str) -> AsyncGenerator[bytes, None]:
        """From the API's own host alone."""
        if self._api is None:
            raise NotReady("Telegram is not connected.")
        return self._api.fetch(ref)

    async def post(
        self, group: str, text: str, buttons: Sequence[Button] = (), *, answers: str = ""
    ) -> Sent:  # fmt: skip
        """As ports.messaging."""
        return await self._up().post(group, text, buttons, answers)

    async def change(
        self, address: str, provider_id: str, text: str, buttons: Sequence[Button] = (), *, account: str = ""
    ) -> None:
        """As ports.messaging."""
        await self._up().change(address, provider_id, text, buttons, account)

    async def answer_press(self, press: str, text: str = "", *, is_alert: bool = False) -> bool:
        """As ports.messaging."""
        return await self._presses.answer(press, text, is_alert=is_alert)

    def _up(self) -> Speech:
        if self._speech is None:
            raise NotReady("Telegram is not connected.")
        return self._speech

    def _kept(self, request: HookRequest) -> None:
        """It is stored: whoever pressed must not wait, and who is connected is known at once."""
        update = update_in(request)
        press, connection = update.get("callback_query"), update.get("business_connection")
        if isinstance(press, dict) and isinstance(press.get("id"), str):
            self._presses.expect(press["id"])
        if isinstance(connection, dict) and self._connections is not None:
            self._errand(self._connections.note(connection))

    def _errand(self, work: Any) -> None:
        async def done() -> None:
            try:
                await work
            except Unavailable as fault:
                get_logger("telegram").warning("a connection could not be noted", code=fault.code)

        task = asyncio.create_task(done())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _answer(self, press: str, text: str, is_alert: bool) -> bool:
        """By the link, or in a process that does not hold it by one of its own."""
        if self._speech is not None:
            return await self._speech.answer_press(press, text, is_alert)
        api, speech = await asyncio.to_thread(_load)
        link = api(self._config)
        try:
            return await speech(link, self._pacing).answer_press(press, text, is_alert)
        finally:
            await link.close()

    def _words(self) -> str:
        way = "by webhook" if self._config.is_webhook else "by long polling"
        own = self._connections.words() if self._connections is not None else ""
        words = f"@{self._bot_name}, {way}"
        return f"{words}; the shop's own account of {own}" if own else words


def _load() -> tuple[type[TelegramApi], type[Speech]]:
    """In a thread: importing aiogram takes seconds."""
    from connectors.telegram.api import TelegramApi
    from connectors.telegram.speech import Speech

    return TelegramApi, Speech
