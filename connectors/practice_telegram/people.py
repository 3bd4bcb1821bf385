"""What people do at the practice Telegram: write, press, share, edit, block; in groups, and to the shop's own
account. Each becomes an update as the real one would send it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from connectors.practice_telegram.world import Business, Group, Json, Person, World, place_of, private


class People:
    """Acts of everybody around the bot."""

    def __init__(self, world: World) -> None:
        self._world = world

    def write(self, person: Person, text: str, **more: Any) -> Json:
        """A text to the bot."""
        return self.send(person, text=text, **more)

    def send(self, person: Person, **content: Any) -> Json:
        """Anything to the bot."""
        person.has_begun, person.has_blocked = True, False
        made = self._world.message(place_of(person.id), private(person), person.shown(), **content)
        return self._world.update("message", made)

    def start(self, person: Person, payload: str = "") -> Json:
        """The button *Start*, with what the link brought along."""
        text = f"/start {payload}".strip()
        entity = {"type": "bot_command", "offset": 0, "length": 6}
        return self.send(person, text=text, entities=[entity])

    def photo(self, person: Person, data: bytes, caption: str = "", size: int | None = None) -> Json:
        """A photo, in two sizes as Telegram makes them."""
        small, large = self._world.keep("small.jpg", data[:100]), self._world.keep("photo.jpg", data, size)
        sizes = [
            {"file_id": one.id, "file_unique_id": one.id[:8], "width": width, "height": width,
             "file_size": one.size}
            for one, width in ((small, 90), (large, 1280))
        ]  # fmt: skip
        more = {"caption": caption} if caption else {}
        return self.send(person, photo=sizes, **more)

    def file(self, person: Person, kind: str, name: str, data: bytes, mime: str, caption: str = "") -> Json:
        """A document, voice, audio or video."""
        kept = self._world.keep(name, data)
        shown: Json = {"file_id": kept.id, "file_unique_id": kept.id[:8], "file_size": kept.size}
        shown |= {"mime_type": mime} | ({"file_name": name} if kind in ("document", "audio", "video") else {})
        more = {"caption": caption} if caption else {}
        return self.send(person, **{kind: shown}, **more)

    def share(self, person: Person, card: Mapping[str, Any] | None = None) -> Json:
        """Their own contact, or another card."""
        own = {"phone_number": person.phone.lstrip("+"), "first_name": person.name, "user_id": person.id}
        return self.send(person, contact=dict(card) if card is not None else own)

    def edit(self, person: Person, message_id: int, text: str) -> Json:
        """Another wording of theirs."""
        body = self._world.messages[place_of(person.id), message_id]
        body |= {"text": text, "edit_date": int(self._world.clock.now().timestamp())}
        return self._world.update("edited_message", body)

    def press(self, person: Person, message_id: int, payload: str, chat_id: int | None = None) -> Json:
        """A button under a message of the bot's; also one that is not there (forged)."""
        press = str(secrets.randbelow(10**18))
        self._world.presses[press] = False
        body = self._world.messages.get((place_of(chat_id or person.id), message_id))
        if body is None:
            body = {"message_id": message_id, "date": 0, "chat": private(person)}
        return self._world.update(
            "callback_query",
            {"id": press, "from": person.shown(), "message": body, "data": payload, "chat_instance": "1"},
        )

    def block(self, person: Person, *, is_blocked: bool = True) -> Json:
        """They stop the bot, or take it back."""
        person.has_blocked = is_blocked
        now, before = ("kicked", "member") if is_blocked else ("member", "kicked")
        return self._membership(private(person), person, now, before)

    def join(self, group: Group, by: Person, *, is_member: bool = True) -> Json:
        """The bot is taken into a group, or put out of it."""
        self._world.groups[group.id] = group
        group.has_bot = is_member
        now, before = ("member", "left") if is_member else ("kicked", "member")
        return self._membership(_of(group), by, now, before)

    def say(self, group: Group, person: Person, text: str, answers: int | None = None) -> Json:
        """Something in a group."""
        more = {}
        if answers is not None:
            more["reply_to_message"] = self._world.messages[place_of(group.id), answers]
        made = self._world.message(place_of(group.id), _of(group), person.shown(), text=text, **more)
        return self._world.update("message", made)

    def migrate(self, group: Group, to: int) -> Json:
        """It becomes a supergroup, with another id."""
        group.moved_to = to
        self._world.groups[to] = Group(to, group.title)
        made = self._world.message(
            place_of(group.id), _of(group), {"id": 1087968824, "is_bot": True, "first_name": "Group"},
            migrate_to_chat_id=to,
        )  # fmt: skip
        return self._world.update("message", made)

    def connect(self, owner: Person, *, is_enabled: bool = True, can_reply: bool = True) -> Business:
        """Somebody of the shop connects their own account to the bot."""
        made = Business(secrets.token_urlsafe(12), owner, is_enabled, can_reply)
        self._world.businesses[made.id] = made
        self.tell(made)
        return made

    def tell(self, business: Business) -> Json:
        """How a connection is now."""
        return self._world.update(
            "business_connection",
            {
                "id": business.id, "user": business.owner.shown(), "user_chat_id": business.owner.id,
                "date": int(self._world.clock.now().timestamp()), "is_enabled": business.is_enabled,
                "rights": {"can_reply": business.can_reply, "can_read_messages": True},
            },
        )  # fmt: skip

    def write_to(self, business: Business, person: Person, text: str, *, is_ours: bool = False) -> Json:
        """A client writes to the shop's own account; or its owner, on the phone, to the client."""
        sender = business.owner if is_ours else person
        made = self._world.message(
            place_of(person.id, business.id), private(person), sender.shown(), text=text,
            business_connection_id=business.id,
        )  # fmt: skip
        return self._world.update("business_message", made)

    def edit_there(self, business: Business, person: Person, message_id: int, text: str) -> Json:
        """Another wording in a chat of the shop's own account."""
        body = self._world.messages[place_of(person.id, business.id), message_id]
        body |= {"text": text, "edit_date": int(self._world.clock.now().timestamp())}
        return self._world.update("edited_business_message", body)

    def take_back(self, business: Business, person: Person, *message_ids: int) -> Json:
        """Messages there are deleted."""
        return self._world.update(
            "deleted_business_messages",
            {
                "business_connection_id": business.id, "chat": private(person),
                "message_ids": list(message_ids),
            },
        )  # fmt: skip

    def _membership(self, chat: Json, by: Person, now: str, before: str) -> Json:
        bot = {"id": self._world.bot_id, "is_bot": True, "first_name": "Practice shop"}
        return self._world.update(
            "my_chat_member",
            {
                "chat": chat, "from": by.shown(), "date": int(self._world.clock.now().timestamp()),
                "old_chat_member": {"user": bot, "status": before},
                "new_chat_member": {"user": bot, "status": now},
            },
        )  # fmt: skip


def _of(group: Group) -> Json:
    kind = "supergroup" if str(group.id).startswith("-100") else "group"
    return {"id": group.id, "type": kind, "title": group.title}
