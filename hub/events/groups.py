"""Facts about groups of a messenger that a bot of ours is in: the staff's own among them. Nobody of these is
a client, and nothing of it stands in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from hub.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFact(Event):
    """`group` is the chat's id on that channel, `account` the bot of ours that is in it."""

    channel: str
    account: str
    group: str

    @property
    def key(self) -> str:
        return f"group:{self.channel}:{self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChanged(GroupFact):
    """The bot was taken into a group or put out of it (`is_member`), or the group has a new id (`moved_to`).
    `by_id` and `by` did it."""

    name: ClassVar[str] = "group.changed"
    title: str
    is_member: bool
    moved_to: str | None = None
    by_id: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSaid(GroupFact):
    """Somebody in a group spoke to the bot: a command, or an answer to a message of the bot's (`answers`, its
    provider's id). What people say to each other there is not taken in."""

    name: ClassVar[str] = "group.said"
    provider_id: str
    writer_id: str
    writer: str
    text: str
    written_at: datetime
    language: str | None = None
    answers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPressed(GroupFact):
    """Somebody in a group pressed a button of ours, under the message `provider_id`. `payload` is as the
    button had it, or as somebody has forged it; `press` is what the press can be answered by."""

    name: ClassVar[str] = "group.pressed"
    provider_id: str
    writer_id: str
    writer: str
    payload: str
    press: str
    language: str | None = None
