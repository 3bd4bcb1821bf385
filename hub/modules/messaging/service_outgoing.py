"""What the shop wants to send: a row in the caller's transaction; the worker sends it. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select

from hub.errors import Conflict, Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.consents.api import YES, Verdict
from hub.modules.crm.api import CrmApi, number_kind
from hub.modules.links.api import LinkEntry, LinksApi
from hub.modules.messaging.channels import Channels
from hub.modules.messaging.conditions import has_cause
from hub.modules.messaging.models import Conversation, File, Message
from hub.modules.messaging.rules import EMAIL, LONGEST_TEXT, PRIORITIES, clean_text, is_email, split_text
from hub.modules.messaging.rules_templates import hidden
from hub.modules.messaging.service_book import ThreadBook
from hub.modules.messaging.service_gate import MessageGate
from hub.modules.messaging.views import MessageEntry, Shops
from hub.ports.messaging import NUMBERS, Channel
from hub.values import normalise_number

WORKER = "messaging"
SHUT_OUT = "They have stopped messages from us on this channel."
FILES = "files"
"""The kind of link that shows a message's files."""
_LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class Way:
    """By which channel, from which account, to which address."""

    channel: Channel
    account: str
    address: str
    client_id: str | None


class OutgoingService:
    """The one way out for messages of every module."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._deps = deps
        self._country = deps.places.of(uow.shop_id).country
        self._channels = Channels(deps.senders)
        self._book = ThreadBook(uow, deps)
        self._crm = CrmApi(uow, deps)
        self._gate = MessageGate(uow, deps)
        self._links = LinksApi(uow, deps).links

    async def queue(self, entry: MessageEntry, shops: Shops = None) -> Message:
        """Write it down to be sent. With a known `cause` it is the message that there is already; one too
        long for its channel goes out in pieces, the last of which is given back. Raises Invalid, NotFound,
        Conflict (no channel, blocked)."""
        known = await self._of_cause(entry.cause)
        if known is not None:
            return known
        text = clean_text(entry.text)
        if entry.agree_url:
            text = text.replace(entry.agree_url, hidden(entry.agree_url))
        entry, way = await self._admitted(entry, shops)
        files = await self._files(entry)
        by_link = bool(files) and not way.channel.carries(way.address, [file.size for file in files])
        self._check(text, entry, way, has_files=bool(files), by_link=by_link)
        now, message_id = self._clock.now(), new_id(self._clock)
        if by_link:
            text = f"{text}\n{await self._link_to_files(message_id, way)}".strip()
        row, address = await self._book.thread_for(
            way.channel.name, way.account, way.address, client_id=way.client_id, at=now
        )
        if address.is_blocked:
            raise Conflict(
                "messaging.blocked", SHUT_OUT,
                "Write by another channel, or call.",
            )  # fmt: skip
        *before, last = split_text(text, way.channel.longest)
        before_it = replace(entry, cause="", buttons=(), place=None)
        ids = [(await self._store(before_it, piece, way, row, new_id(self._clock))).id for piece in before]
        message = await self._store(entry, last, way, row, message_id)
        if ids:
            message.more = {**message.more, "before": ids}
        if by_link:
            message.more = {**message.more, "by_link": True}
        for file in files:
            file.message_id = message.id
        self._note(row, message, entry)
        await self._gate.count(message, row.client_id)
        self._uow.after_commit(lambda: self._deps.wake(WORKER))
        return message

    async def way(self, entry: MessageEntry, shops: Shops = None) -> Way:
        """By which it would go out now. Raises as `queue`."""
        return (await self._admitted(entry, shops))[1]

    async def start(self, client_id: str | None, number: str, shops: Shops = None) -> str:
        """A thread to write the first word into: the client's, or a number's. Raises Invalid, NotFound,
        Conflict."""
        now = self._clock.now()
        if client_id is not None:
            client = await self._crm.client(client_id)
            row = await self._book.thread_of_client(client.id, self._uow.shop_id, now)
        else:
            name = self._channels.first(name for name in NUMBERS if self._can_begin(name)) or "sms"
            way = await self._named(name, number)
            row, _ = await self._book.thread_for(
                name, way.account, way.address, client_id=way.client_id, at=now
            )
        return (await self._book.row(row.id, shops)).id

    def _can_begin(self, name: str) -> bool:
        channel = self._channels.of(name)
        return channel is not None and channel.can_write_first

    async def ways(self, client_id: str | None, conversation_id: str | None) -> tuple[Way, ...]:
        """How somebody can be written to, the best first: where they wrote last, then what needs no word of
        theirs before."""
        wrote: dict[tuple[str, str], Way] = {}
        others: dict[tuple[str, str], Way] = {}
        row = await self._row_of(client_id, conversation_id)
        if row is not None:
            client_id = row.client_id
            for known in await self._book.addresses_of(row.id):
                channel = self._channels.of(known.channel)
                can = channel is not None and (channel.can_write_first or known.heard_at is not None)
                if channel is not None and can and not known.is_blocked:
                    way = Way(channel, known.account or channel.account, known.address, client_id)
                    (wrote if known.heard_at else others)[channel.name, known.address] = way
        for way in await self._first_ways(client_id):
            if (way.channel.name, way.address) not in wrote:
                others.setdefault((way.channel.name, way.address), way)
        order = self._channels.names()
        return (*wrote.values(), *sorted(others.values(), key=lambda way: order.index(way.channel.name)))

    async def _row_of(self, client_id: str | None, conversation_id: str | None) -> Conversation | None:
        if conversation_id is not None:
            return await self._book.row(conversation_id)
        return await self._book.of_client(client_id) if client_id is not None else None

    async def _first_ways(self, client_id: str | None) -> tuple[Way, ...]:
        """By phone or e-mail, to somebody who never wrote."""
        client = (await self._crm.clients_by_ids([client_id])).get(client_id) if client_id else None
        if client is None:
            return ()
        channels = [c for c in map(self._channels.of, self._channels.names()) if c and c.can_write_first]
        phones = [
            phone.number
            for phone in sorted(client.phones, key=lambda phone: not phone.is_main)
            if number_kind(phone.number, self._country) == "public"
        ]
        ways = []
        for channel in channels:
            for address in _addresses(channel.name, phones, client.emails):
                known = await self._book.address(channel.name, address)
                if known is None or not known.is_blocked:
                    ways.append(Way(channel, channel.account, address, client.id))
        return tuple(ways)

    async def language_of(self, client_id: str | None, channel: str, address: str) -> str:
        """In which language they are written to by the hub itself: the client's, that of their messenger,
        the shop's."""
        client = (await self._crm.clients_by_ids([client_id])).get(client_id) if client_id else None
        known = await self._book.address(channel, address)
        said = (client.language if client is not None else None) or (known.language if known else None)
        return said or self._deps.settings.shop.language

    async def _admitted(self, entry: MessageEntry, shops: Shops) -> tuple[MessageEntry, Way]:
        """The first way that consent, hours and the kind of number let it go by. Raises Conflict with the
        reason of the best one."""
        ways = await self._ways_of(entry, shops)
        first: Verdict | None = None
        for way in ways:
            known = await self._book.address(way.channel.name, way.address)
            heard_at = known.heard_at if known is not None else None
            verdict = await self._gate.judge(entry, way.channel.name, way.address, way.client_id, heard_at)
            if not self._gate.may_try_another(verdict):
                return self._gate.admitted(entry, verdict), way
            first = first or verdict
        return self._gate.admitted(entry, first or YES), ways[0]

    async def _ways_of(self, entry: MessageEntry, shops: Shops) -> tuple[Way, ...]:
        if entry.conversation_id is None and entry.address is not None and entry.channel is not None:
            named = await self._named(entry.channel, entry.address)
            if entry.client_id is not None:
                named = replace(named, client_id=(await self._crm.client(entry.client_id)).id)
                if entry.agree_url:
                    await self._check_own(named)
            return (named,)
        if entry.conversation_id is not None:
            row = await self._book.row(entry.conversation_id, shops)
            ways = await self.ways(None, row.id)
        elif entry.client_id is not None:
            client = await self._crm.client(entry.client_id)
            ways = await self.ways(client.id, None)
        else:
            raise Invalid(
                "messaging.no_address", "Say whom to write to.",
                "Name a client, or a channel and an address.",
                fields={"client_id": "A client, or channel and address"},
            )  # fmt: skip
        if entry.channel is not None:
            self._channel(entry.channel)
            ways = tuple(way for way in ways if way.channel.name == entry.channel)
        if entry.address is not None:
            ways = tuple(way for way in ways if way.address == entry.address)
        if not ways:
            raise Conflict(
                "messaging.no_channel", "There is no channel by which they can be written to.",
                "Add a mobile number to the client, or set up a channel in the settings.",
            )  # fmt: skip
        return ways

    async def _check_own(self, way: Way) -> None:
        """The link by which somebody agrees goes to nobody else. Raises Invalid."""
        own = {(one.channel.name, one.address) for one in await self.ways(way.client_id, None)}
        if (way.channel.name, way.address) not in own:
            raise Invalid(
                "messaging.not_theirs", "This address is not the client’s.",
                "Leave the address out, or add it to the client first.",
                fields={"address": "Not an address of this client"},
            )  # fmt: skip

    async def _named(self, name: str, raw: str) -> Way:
        channel = self._channel(name)
        address = raw.strip()
        if name in NUMBERS:
            if number_kind(address, self._country) != "public":
                raise _wrong_address("Write the number with the code of the country or the operator.")
            address = normalise_number(address, self._country) or address
        if name == EMAIL:
            address = address.lower()
            if not is_email(address):
                raise _wrong_address("This is no e-mail address.")
        if not address or len(address) > _LONGEST_ADDRESS or not address.isprintable():
            raise _wrong_address("This is no address on that channel.")
        known = await self._book.address(name, address)
        if known is None and not channel.can_write_first:
            raise Conflict(
                "messaging.cannot_write_first", "On this channel they have to write first.",
                "Send them a link by another channel.",
            )  # fmt: skip
        match = await self._book.owner_of(self._book.key_of(name, address))
        account = known.account if known is not None and known.account else channel.account
        return Way(channel, account, address, match.client_id)

    def _channel(self, name: str) -> Channel:
        channel = self._channels.of(name)
        if channel is None:
            raise Conflict(
                "messaging.channel_off", "This channel is not set up.",
                "Set it up in the settings, or choose another one.",
                data={"channels": self._channels.names()},
            )  # fmt: skip
        return channel

    async def _link_to_files(self, message_id: str, way: Way) -> str:
        """A short address that shows the files of this message."""
        return await self._links.link_for(
            LinkEntry(
                kind=FILES, object=message_id, client_id=way.client_id, channel=way.channel.name,
                address=way.address,
            )
        )  # fmt: skip

    def _check(self, text: str, entry: MessageEntry, way: Way, *, has_files: bool, by_link: bool) -> None:
        if not text and not has_files and entry.place is None:
            raise Invalid("messaging.empty", "Write something first.", fields={"text": "Nothing is written"})
        if len(text) > LONGEST_TEXT:
            raise Invalid(
                "messaging.too_long", "This is too long for a message.", "Write it shorter.",
                fields={"text": f"At most {LONGEST_TEXT} characters"},
            )  # fmt: skip
        if by_link and not self._deps.settings.server.public_url:
            raise Conflict(
                "messaging.no_media", "This channel carries no files.",
                "Choose another channel or send text; with HUB_SERVER__PUBLIC_URL files go as a link.",
            )  # fmt: skip
        if "\x00" in text:
            raise Invalid("messaging.text", "NUL is no character.", fields={"text": "NUL is no character"})

    async def _of_cause(self, cause: str) -> Message | None:
        if not cause:
            return None
        await self._uow.take_turn(f"messaging:cause:{cause}")
        return (
            await self._session.scalars(select(Message).where(has_cause(), Message.cause == cause))
        ).first()

    async def _files(self, entry: MessageEntry) -> list[File]:
        if not entry.files:
            return []
        query = select(File).where(File.id.in_(entry.files), File.message_id.is_(None), File.state == "ready")
        found = {file.id: file for file in (await self._session.scalars(query)).all()}
        if set(found) != set(entry.files):
            raise Invalid(
                "messaging.unknown_file", "A file is gone.", "Choose it once more.",
                fields={"files": "A file is gone"},
            )  # fmt: skip
        files = [found[one] for one in dict.fromkeys(entry.files)]
        for position, file in enumerate(files):
            file.position = position
        return files

    async def _store(
        self, entry: MessageEntry, text: str, way: Way, row: Conversation, message_id: str
    ) -> Message:  # fmt: skip
        begin = max(self._clock.now(), entry.not_before or self._clock.now())
        late = begin + timedelta(hours=self._deps.settings.messaging.give_up_hours)
        message = Message(
            id=message_id, rev=1, shop_id=row.shop_id, conversation_id=row.id,
            channel=way.channel.name, account=way.account, address=way.address, direction="outbound",
            state="queued", text=text, provider_id=None, error="", created_at=self._clock.now(),
            actor=self._uow.actor, author=entry.author, cause=entry.cause,
            priority=PRIORITIES.index(entry.priority), not_before=entry.not_before,
            not_after=entry.not_after or late, purpose=entry.purpose,
            tries=0, finds=0, parts=0, answers=await self._answered(entry.answers, row),
            more=more_of(entry, text),
        )  # fmt: skip
        self._session.add(message)
        await self._session.flush()
        return message

    async def _answered(self, message_id: str | None, row: Conversation) -> str:
        if message_id is None:
            return ""
        query = select(Message.provider_id).where(
            Message.id == message_id[:26], Message.conversation_id == row.id
        )
        return (await self._session.scalars(query)).first() or ""

    def _note(self, row: Conversation, message: Message, entry: MessageEntry) -> None:
        """An answer of a person's is what they waited for; what goes out by itself is not."""
        row.last_at, row.last_n = message.created_at, message.n
        if entry.priority == "dialogue":
            row.waiting_since, row.unread = None, 0
            row.answering_by, row.answering_until = None, None
            if row.state == "snoozed":
                row.state, row.snoozed_until = "open", None
        self._book.touch(row)


def _addresses(channel: str, phones: Sequence[str], emails: Sequence[str]) -> Sequence[str]:
    if channel == EMAIL:
        return [email.strip().lower() for email in emails]
    return phones if channel in NUMBERS else ()


def _wrong_address(why: str) -> Invalid:
    return Invalid(
        "messaging.address", "This is no address that one can write to.", why, fields={"address": why}
    )


def more_of(entry: MessageEntry, text: str) -> dict[str, object]:
    """What a message is stored with beside its words."""
    more: dict[str, object] = {}
    if entry.buttons:
        more["buttons"] = [
            {"title": one.title, "url": one.url, "payload": one.payload, "asks": one.asks}
            for one in entry.buttons
        ]
    more |= {name: said for name in ("subject", "unsubscribe_url") if (said := getattr(entry, name))}
    if entry.agree_url and hidden(entry.agree_url) in text:
        more["agree_url"] = entry.agree_url
    if entry.place is not None:
        more["place"] = {"latitude": entry.place.latitude, "longitude": entry.place.longitude}
    if entry.not_after is not None:
        more["has_end"] = True
    return more
