"""From Telegram's updates to facts. Takes JSON as it came: what is not as it should be is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.telegram.contents import attachments_of, clean, contact_of, place_of, text_of
from connectors.telegram.verify import update_in
from hub.events.base import Event
from hub.events.groups import GroupChanged, GroupPressed, GroupSaid
from hub.events.messages import MessageReceived, MessagesDeleted, MessageSentElsewhere, ReachChanged
from hub.ports.hooks import HookRequest
from hub.ports.intake import Arrival

SOURCE = CHANNEL = "telegram"
BUSINESS = "business:"
"""Begins the account of a thread that goes by the shop's own account, followed by the connection's id."""
_START = re.compile(r"/start(?:@\w{1,64})?\s+(\S{1,64})\s*")
_GROUPS = ("group", "supergroup")
_HERE = ("creator", "administrator", "member", "restricted")
_GONE = ("kicked", "left")


@dataclass(frozen=True, slots=True)
class Seen:
    """An update, by which bot and when it came."""

    bot_id: str
    at: datetime

    @property
    def account(self) -> str:
        return f"bot{self.bot_id}"


def translator(bot_id: str) -> Callable[[HookRequest], Sequence[Arrival]]:
    """What the inbox calls for each update that it has stored."""

    def translate(request: HookRequest) -> Sequence[Arrival]:
        return arrivals_of(update_in(request), Seen(bot_id, request.received_at))

    return translate


def arrivals_of(update: Mapping[str, Any], seen: Seen) -> list[Arrival]:
    """The facts of one update; none of what is none of our business."""
    found = _event_of(update, seen)
    if found is None:
        return []
    event, at = found
    external = f"{seen.bot_id}:{update.get('update_id')}"
    return [Arrival(source=SOURCE, external_id=external, occurred_at=at, event=event)]


def _event_of(update: Mapping[str, Any], seen: Seen) -> tuple[Event, datetime] | None:
    for kind, reader in _READERS.items():
        body = update.get(kind)
        if isinstance(body, dict):
            return reader(body, seen)
    return None


def message_of(body: Mapping[str, Any], seen: Seen) -> tuple[Event, datetime] | None:
    """Of a private chat a message of theirs; of a group what is said to the bot."""
    chat, writer = part(body, "chat"), part(body, "from")
    kind, at = chat.get("type"), moment(body.get("edit_date", body.get("date")), seen.at)
    if kind in _GROUPS:
        return _group_message(body, seen, at)
    if kind != "private" or number(chat.get("id")) is None or writer.get("is_bot") is True:
        return None
    made = _received(body, seen.account, "", at)
    return (made, at) if made is not None else None


def business_message_of(body: Mapping[str, Any], seen: Seen) -> tuple[Event, datetime] | None:
    """In a chat of the shop's own account: theirs, or ours that was typed in the owner's app."""
    chat, writer, connection = part(body, "chat"), part(body, "from"), body.get("business_connection_id")
    at = moment(body.get("edit_date", body.get("date")), seen.at)
    if chat.get("type") != "private" or not isinstance(connection, str):
        return None
    if str(part(body, "sender_business_bot").get("id", "")) == seen.bot_id:
        return None  # what we have sent ourselves
    account, mark = f"{BUSINESS}{clean(connection)[:200]}", f"@{clean(connection)[:200]}"
    made = _received(body, account, mark, at)
    if made is None or number(chat.get("id")) == number(writer.get("id")):
        return (made, at) if made is not None else None
    ours = MessageSentElsewhere(
        channel=CHANNEL, account=account, address=made.address, provider_id=made.provider_id, text=made.text,
        written_at=at, writer=_name(writer), edits=made.edits, answers=made.answers, place=made.place,
        attachments=made.attachments,
    )  # fmt: skip
    return ours, at


def _received(body: Mapping[str, Any], account: str, mark: str, at: datetime) -> MessageReceived | None:
    message_id = number(body.get("message_id"))
    text, files, place = text_of(body), attachments_of(body), place_of(body)
    if message_id is None or (not text and not files and place is None):
        return None
    writer, edited = part(body, "from"), number(body.get("edit_date"))
    own = f"{message_id}{mark}"
    start = _START.fullmatch(text)
    answered = number(part(body, "reply_to_message").get("message_id"))
    return MessageReceived(
        channel=CHANNEL,
        account=account,
        address=str(number(part(body, "chat").get("id")) or 0),
        provider_id=own if edited is None else f"{own}:e{edited}",
        text=text,
        written_at=at,
        writer=_name(writer),
        language=_language(writer),
        phone=contact_of(body, number(writer.get("id"))),
        start=start[1] if start else None,
        edits=None if edited is None else own,
        answers=None if answered is None else f"{answered}{mark}",
        place=place,
        attachments=files,
    )


def _group_message(body: Mapping[str, Any], seen: Seen, at: datetime) -> tuple[Event, datetime] | None:
    chat, writer = part(body, "chat"), part(body, "from")
    message_id, group = number(body.get("message_id")), number(chat.get("id"))
    if message_id is None or group is None:
        return None
    moved = number(body.get("migrate_to_chat_id"))
    if moved is not None:
        title = clean(str(chat.get("title") or ""))
        return _group_changed(seen, group, title, True, writer, moved=str(moved)), at
    text, answered = text_of(body), part(body, "reply_to_message")
    is_to_us = str(part(answered, "from").get("id", "")) == seen.bot_id
    if writer.get("is_bot") is True or not text or not (text.startswith("/") or is_to_us):
        return None
    made = GroupSaid(
        channel=CHANNEL, account=seen.account, group=str(group), provider_id=str(message_id),
        writer_id=str(number(writer.get("id")) or ""), writer=_name(writer), text=text, written_at=at,
        language=_language(writer), answers=str(number(answered.get("message_id"))) if is_to_us else None,
    )  # fmt: skip
    return made, at


def press_of(body: Mapping[str, Any], seen: Seen) -> tuple[Event, datetime] | None:
    """A button of ours that was pressed. The thread is that of whoever pressed."""
    message, writer = part(body, "message"), part(body, "from")
    press, payload, by = body.get("id"), body.get("data"), number(writer.get("id"))
    chat, message_id = part(message, "chat"), number(message.get("message_id"))
    group = number(chat.get("id"))
    if not isinstance(press, str) or not isinstance(payload, str) or by is None or group is None:
        return None
    payload = clean(payload)
    if chat.get("type") in _GROUPS:
        made: Event = GroupPressed(
            channel=CHANNEL, account=seen.account, group=str(group), provider_id=str(message_id or ""),
            writer_id=str(by), writer=_name(writer), payload=payload, press=clean(press),
            language=_language(writer),
        )  # fmt: skip
        return made, seen.at
    if group != by:
        return None  # the owner's own press in a chat of the shop's account
    connection = message.get("business_connection_id")
    mark = f"@{clean(connection)}" if isinstance(connection, str) else ""
    made = MessageReceived(
        channel=CHANNEL, account=f"{BUSINESS}{mark[1:]}" if mark else seen.account, address=str(by),
        provider_id=f"press:{clean(press)[:200]}", text=_title_of(message, payload), written_at=seen.at,
        writer=_name(writer), language=_language(writer), pressed=payload, press=clean(press),
        answers=None if message_id is None else f"{message_id}{mark}",
    )  # fmt: skip
    return made, seen.at


def membership_of(body: Mapping[str, Any], seen: Seen) -> tuple[Event, datetime] | None:
    """Somebody has blocked the bot or takes it back; a group has taken it in or put it out."""
    chat, status = part(body, "chat"), part(body, "new_chat_member").get("status")
    group, at = number(chat.get("id")), moment(body.get("date"), seen.at)
    if group is None or (status not in _HERE and status not in _GONE):
        return None
    if chat.get("type") == "private":
        blocked = status in _GONE
        reach = ReachChanged(channel=CHANNEL, account=seen.account, address=str(group), is_blocked=blocked)
        return reach, at
    if chat.get("type") not in _GROUPS:
        return None
    title = clean(str(chat.get("title") or ""))
    return _group_changed(seen, group, title, status in _HERE, part(body, "from")), at


def deleted_of(body: Mapping[str, Any], seen: Seen) -> tuple[Event, datetime] | None:
    """Messages of the shop's own account that were taken back."""
    chat, connection = number(part(body, "chat").get("id")), body.get("business_connection_id")
    ids = body.get("message_ids")
    if chat is None or not isinstance(connection, str) or not isinstance(ids, list):
        return None
    found = tuple(f"{one}@{clean(connection)[:200]}" for one in ids[:1000] if number(one) is not None)
    return (
        (MessagesDeleted(channel=CHANNEL, address=str(chat), provider_ids=found), seen.at) if found else None
    )


_READERS: Mapping[str, Callable[[Mapping[str, Any], Seen], tuple[Event, datetime] | None]] = {
    "message": message_of,
    "edited_message": message_of,
    "business_message": business_message_of,
    "edited_business_message": business_message_of,
    "deleted_business_messages": deleted_of,
    "callback_query": press_of,
    "my_chat_member": membership_of,
}
KINDS = (*_READERS, "business_connection")
"""What we ask Telegram for."""


def part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within; empty where there is none."""
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def number(value: object) -> int | None:
    """An id."""
    return value if type(value) is int and abs(value) < 2**63 else None


def moment(value: object, otherwise: datetime) -> datetime:
    """Telegram's seconds since 1970."""
    seconds = number(value)
    if seconds is None or not 0 < seconds < 32_503_680_000:
        return otherwise
    return datetime.fromtimestamp(seconds, UTC)


def _group_changed(
    seen: Seen, group: int, title: str, is_member: bool, by: Mapping[str, Any], moved: str | None = None
) -> GroupChanged:
    return GroupChanged(
        channel=CHANNEL, account=seen.account, group=str(group), title=title[:200], is_member=is_member,
        moved_to=moved, by_id=str(number(by.get("id")) or ""), by=_name(by),
    )  # fmt: skip


def _title_of(message: Mapping[str, Any], payload: str) -> str:
    """What stood on the button."""
    rows = part(message, "reply_markup").get("inline_keyboard")
    for row in rows if isinstance(rows, list) else ():
        for button in row if isinstance(row, list) else ():
            if isinstance(button, dict) and button.get("callback_data") == payload:
                return clean(str(button.get("text") or ""))[:200]
    return ""


def _name(user: Mapping[str, Any]) -> str:
    names = (user.get("first_name"), user.get("last_name"))
    name = " ".join(clean(one).strip() for one in names if isinstance(one, str) and one.strip())
    nick = user.get("username")
    return (name or (f"@{clean(nick)}" if isinstance(nick, str) and nick else ""))[:200]


def _language(user: Mapping[str, Any]) -> str | None:
    found = user.get("language_code")
    return clean(found)[:16] if isinstance(found, str) and found else None
