"""SMS by Twilio: what comes is brought by Twilio's requests (and looked for once more in its list, since it
sends most of them only once), what goes out is asked of its API."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from connectors.twilio_sms import media
from connectors.twilio_sms.config import MMS_REGION, SMS_PATH, STATUS_PATH, TwilioConfig
from connectors.twilio_sms.translate import CHANNEL, OUR_ID, message, received, reported
from connectors.twilio_sms.verify import sms_verifier, status_verifier
from hub.clock import Clock
from hub.events.messages import Attached
from hub.ports.connector import Status
from hub.ports.errors import AuthFailed, NotReady, TransientError
from hub.ports.hooks import Hook, HookAnswer
from hub.ports.intake import Arrival, Intake
from hub.ports.messaging import Channel, OutgoingMessage, Refused, Sent, UnknownOutcome

if TYPE_CHECKING:
    from connectors.twilio_sms.api import TwilioApi

_LONGEST = 1600
_MOST_FILES, _MOST_BYTES = 10, 5_000_000
_LARGEST_REQUEST = 64 * 1024
_NO_ANSWER = HookAnswer(
    body=b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>', content_type="text/xml"
)
_BOTH = frozenset({"GET", "POST"})
_SKEW = timedelta(seconds=5)
_LOOK_BACK = timedelta(hours=24)
_OVERLAP = timedelta(minutes=15)
_MOST_REMEMBERED = 10_000


class TwilioSms:
    """Implements Connector, TakesHooks and MessageSender."""

    def __init__(self, config: TwilioConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._api: TwilioApi | None = None
        self._trouble = asyncio.Event()
        self._sent: OrderedDict[str, str] = OrderedDict()
        """Which message of ours a Sid belongs to, of those that this process has sent."""

    @property
    def name(self) -> str:
        return "twilio"

    async def run(self, intake: Intake, status: Status) -> None:
        """Log in, look for what did not reach us, and look again every few minutes."""
        api = (await asyncio.to_thread(_load))(self._config)
        try:
            account = await api.log_in()
            self._trouble.clear()
            self._api = api
            since = self._clock.now() - _LOOK_BACK
            while True:
                began = self._clock.now()
                try:
                    late = await self._catch_up(api, intake, since)
                except TransientError as error:
                    raise NotReady(error.text) from error
                status.report("ready", self._words(account), caught_up=str(late))
                since = began - _OVERLAP
                await self._rest()
        finally:
            self._api = None
            await api.close()

    def hooks(self) -> Sequence[Hook]:
        """Messages, and reports of ours."""
        return (
            Hook(
                path=SMS_PATH, verify=sms_verifier(self._config), translate=received, answer=_NO_ANSWER,
                largest=_LARGEST_REQUEST, methods=_BOTH,
            ),
            Hook(
                path=STATUS_PATH, verify=status_verifier(self._config), translate=reported,
                answer=_NO_ANSWER, largest=_LARGEST_REQUEST, methods=_BOTH,
            ),
        )  # fmt: skip

    def channels(self) -> Mapping[str, Channel]:
        """One: SMS, with files as MMS where Twilio has that. Nobody can answer to a name."""
        can_reply = self._config.is_number or self._config.is_service
        return {
            CHANNEL: Channel(
                name=CHANNEL, account=self._config.sender, can_reply=can_reply, can_buttons=False,
                can_media=self._config.sends_files, can_write_first=True, longest=_LONGEST, per_second=10.0,
                per_chat=1.0, media_to=(MMS_REGION,), most_files=_MOST_FILES, most_bytes=_MOST_BYTES,
                fetches_files=True,
            )
        }  # fmt: skip

    @property
    def takes_messages(self) -> bool:
        return self._api is not None and bool(self._config.sender)

    async def send(self, message: OutgoingMessage) -> Sent:
        """As ports.messaging. One that was tried before is looked for first."""
        api = self._up()
        if not all(file.url for file in message.files):
            raise Refused("A file cannot go by SMS.")
        if message.tries > 1 and (found := await self.find(message)) is not None:
            return found
        try:
            made = await api.create(
                to=message.address,
                sender=self._sender(message.account),
                text=message.text,
                callback=self._callback(message.id),
                media=[file.url for file in message.files],
            )
        except AuthFailed:
            self._trouble.set()
            raise
        self._remember(str(made.sid), message.id)
        return _sent(made)

    async def find(self, message: OutgoingMessage) -> Sent | None:
        """By receiver, text, number of files and time. Raises UnknownOutcome where two of the same text may
        be it, or one with files, which are not compared."""
        since = message.created_at - _SKEW
        same = [
            one
            for one in await self._up().sent_to(message.address, since)
            if _looks_like(one, message) and self._sent.get(str(one.sid), message.id) == message.id
        ]
        if message.files and any(str(one.sid) not in self._sent for one in same):
            raise UnknownOutcome("Twilio has sent files there since, perhaps others: a person decides.")
        if len(same) > 1:
            raise UnknownOutcome("Twilio has sent this text there more than once since: a person decides.")
        return _sent(same[0]) if same else None

    def fetch(self, channel: str, ref: str) -> AsyncGenerator[bytes, None]:
        """From Twilio alone."""
        return media.fetch(self._up(), self._config, ref)

    def _up(self) -> TwilioApi:
        if self._api is None:
            raise NotReady("Twilio is not connected.")
        return self._api

    def _sender(self, account: str) -> str:
        """The number of ours that they wrote to, so that the thread goes on there; else the set one."""
        is_ours = account.startswith("+") and self._config.sender != account
        return account if is_ours and not self._config.is_service else self._config.sender

    def _callback(self, message_id: str) -> str:
        if not self._config.public_url:
            return ""
        return f"{self._config.public_url}{STATUS_PATH}?{urlencode({OUR_ID: message_id})}"

    def _remember(self, sid: str, message_id: str) -> None:
        self._sent[sid] = message_id
        while len(self._sent) > _MOST_REMEMBERED:
            self._sent.popitem(last=False)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._config.catch_up_seconds):
                await self._trouble.wait()
        except TimeoutError:
            return
        raise AuthFailed("Twilio refused the log-in of a message.")

    async def _catch_up(self, api: TwilioApi, intake: Intake, since: datetime) -> int:
        """What Twilio has and could not bring: intake knows by the Sid what was there already."""
        to = self._config.sender if self._config.is_number else None
        if to is None and not self._config.is_service:
            return 0
        found = reversed(await api.received_since(since, to))
        ours = [one for one in found if to or one.messaging_service_sid == self._config.sender]
        arrivals = [await _arrival(api, one) for one in ours]
        await intake.accept(arrivals)
        return len(arrivals)

    def _words(self, account: str) -> str:
        if not self._config.sender:
            return "Set HUB_TWILIO__FROM_NUMBER: without it nothing can be sent."
        if not self._config.public_url:
            return "Set HUB_SERVER__PUBLIC_URL: without it Twilio's requests cannot be checked."
        return f"SMS by {self._config.sender} ({account})" if account else f"SMS by {self._config.sender}"


async def _arrival(api: TwilioApi, one: Any) -> Arrival:
    files = []
    if str(one.num_media or "0") not in ("", "0"):
        files = [_attached(found) for found in await api.media_of(str(one.sid))]
    return message(
        sid=str(one.sid),
        sender=str(one.from_ or ""),
        to=str(one.to or ""),
        text=str(one.body or ""),
        at=one.date_sent or one.date_created or datetime.now(UTC),
        files=files,
    )


def _attached(found: Any) -> Attached:
    ref = f"https://api.twilio.com{str(found.uri or '').removesuffix('.json')}"
    return Attached(ref=ref, content_type=str(found.content_type or "application/octet-stream"))


def _looks_like(one: Any, message: OutgoingMessage) -> bool:
    # None counted beside files of ours: Twilio may not have fetched them yet.
    counted = str(one.num_media or "0")
    expected = ("0", str(len(message.files))) if message.files else ("0",)
    return one.body == message.text and counted in expected


def _sent(made: Any) -> Sent:
    parts = str(made.num_segments or "")
    return Sent(provider_id=str(made.sid), parts=int(parts) if parts.isascii() and parts.isdigit() else 0)


def _load() -> type[TwilioApi]:
    """In a thread: importing the library takes a while."""
    from connectors.twilio_sms.api import TwilioApi

    return TwilioApi
