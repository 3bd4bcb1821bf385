"""What stands at the practice Telegram: people, chats, the bot's updates, files, and the ledger of all that
happened, which nobody can talk out of it. No IO but the ledger's file."""

from __future__ import annotations

import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.clock import Clock

KEPT = timedelta(hours=24)
Json = dict[str, Any]


@dataclass(slots=True)
class Person:
    """Somebody with Telegram. `has_begun`: they wrote to the bot once, so that it may write to them."""

    id: int
    name: str
    phone: str = ""
    language: str = "uk"
    has_begun: bool = False
    has_blocked: bool = False

    def shown(self) -> Json:
        """As updates have them."""
        return {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": self.language}


@dataclass(slots=True)
class Group:
    """A group that the bot may be in. `moved_to`: it is that one now."""

    id: int
    title: str
    has_bot: bool = True
    moved_to: int | None = None


@dataclass(slots=True)
class Business:
    """The own account of somebody of the shop, connected to the bot."""

    id: str
    owner: Person
    is_enabled: bool = True
    can_reply: bool = True


@dataclass(slots=True)
class Kept:
    """A file; `path` is where the bot may fetch it."""

    id: str
    name: str
    data: bytes
    path: str
    size: int


@dataclass(slots=True)
class World:
    """One bot and everybody around it. `mischief`: what the next sending requests meet: `429`, `500`, `502`
    (nothing is done), `silence` (nothing is done and nothing answered), `lost` (it is done, and the answer is
    lost). `penalty_until`: the whole bot has to be silent till then."""

    token: str
    clock: Clock
    username: str = "practice_shop_bot"
    ledger_path: Path | None = None
    people: dict[int, Person] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    businesses: dict[str, Business] = field(default_factory=dict)
    messages: dict[tuple[str, int], Json] = field(default_factory=dict)
    """By the place (a chat's id, behind a business connection's) and the message's id, as the API has it."""
    files: dict[str, Kept] = field(default_factory=dict)
    updates: list[tuple[datetime, Json]] = field(default_factory=list)
    presses: dict[str, bool] = field(default_factory=dict)
    """Whether each was answered."""
    answers: dict[str, str] = field(default_factory=dict)
    ledger: list[Json] = field(default_factory=list)
    mischief: deque[str] = field(default_factory=deque)
    retry_after: int = 1
    penalty_until: float = 0.0
    next_update: int = 1000
    told: Callable[[], None] = lambda: None
    """Called when there is a new update."""
    _next_message: int = 1

    @property
    def bot_id(self) -> int:
        return int(self.token.partition(":")[0])

    def me(self) -> Json:
        """The bot."""
        return {
            "id": self.bot_id, "is_bot": True, "first_name": "Practice shop", "username": self.username,
            "can_join_groups": True, "can_read_all_group_messages": False, "can_connect_to_business": True,
        }  # fmt: skip

    def note(self, what: str, **more: Any) -> None:
        """Append a line to the ledger."""
        line = {"at": self.clock.now().isoformat(), "what": what, **more}
        self.ledger.append(line)
        if self.ledger_path is not None:
            with self.ledger_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def noted(self, what: str) -> list[Json]:
        """Lines of the ledger."""
        return [line for line in self.ledger if line["what"] == what]

    def person(self, person_id: int, name: str = "Ірина", phone: str = "") -> Person:
        """Somebody, made where there is none."""
        return self.people.setdefault(person_id, Person(person_id, name, phone))

    def update(self, kind: str, body: Mapping[str, Any]) -> Json:
        """Something happened that the bot is told of."""
        made = {"update_id": self.next_update, kind: dict(body)}
        self.next_update += 1
        self.updates.append((self.clock.now(), made))
        self.note("update", id=made["update_id"], kind=kind)
        self.told()
        return made

    def waiting(self) -> list[Json]:
        """Updates that nobody has confirmed; a day old ones are gone."""
        since = self.clock.now() - KEPT
        for at, one in self.updates:
            if at < since:
                self.note("expired", id=one["update_id"])
        self.updates = [(at, one) for at, one in self.updates if at >= since]
        return [one for _, one in self.updates]

    def confirm(self, offset: int) -> None:
        """All with a lower id are done with."""
        self.updates = [(at, one) for at, one in self.updates if one["update_id"] >= offset]

    def done(self, update_id: int) -> None:
        """This one was brought."""
        self.updates = [(at, one) for at, one in self.updates if one["update_id"] != update_id]

    def message(self, place: str, chat: Json, sender: Json, **content: Any) -> Json:
        """A new one in a chat."""
        made: Json = {
            "message_id": self._next_message, "from": sender, "chat": chat,
            "date": int(self.clock.now().timestamp()), **content,
        }  # fmt: skip
        self._next_message += 1
        self.messages[place, made["message_id"]] = made
        return made

    def keep(self, name: str, data: bytes, size: int | None = None) -> Kept:
        """A file, by a handle."""
        file_id = f"AgAC{secrets.token_urlsafe(18)}"
        path = f"documents/file_{len(self.files)}.{name.rpartition('.')[2] or 'bin'}"
        made = Kept(file_id, name, data, path, len(data) if size is None else size)
        self.files[file_id] = made
        return made

    def of_bot(self, place: str | None = None) -> list[Json]:
        """What the bot has said, in order."""
        return [
            one
            for (where, _), one in self.messages.items()
            if (place is None or where == place)
            and (one["from"]["id"] == self.bot_id or "sender_business_bot" in one)
        ]


def private(person: Person) -> Json:
    """The chat with somebody."""
    return {"id": person.id, "type": "private", "first_name": person.name}


def place_of(chat_id: int, business: str | None = None) -> str:
    """Under which a chat's messages stand."""
    return f"{business}/{chat_id}" if business else str(chat_id)
