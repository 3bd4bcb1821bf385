"""The messenger of the demo, where one is the client: for /system/practice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

PracticeAct = Literal["write", "start", "contact", "place", "photo", "voice", "press", "block", "unblock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticePerson:
    """Somebody whom one can be."""

    id: str
    name: str
    phone: str
    has_blocked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeButton:
    """A choice under a message; `asks` for a contact or a place, leads to `url`, or bears a payload."""

    title: str
    payload: str = ""
    url: str = ""
    asks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeBubble:
    """A message as the client's app shows it; `file` is the name of one, `place` a point on the map."""

    id: str
    at: datetime
    text: str
    is_of_the_shop: bool
    file: str = ""
    place: str = ""
    buttons: tuple[PracticeButton, ...] = ()


@runtime_checkable
class PracticeMessenger(Protocol):
    """The built-in messenger."""

    @property
    def bot(self) -> str:
        """The shop's bot, by its name."""
        ...

    def people(self) -> Sequence[PracticePerson]:
        """Whom one can be, whoever wrote last first."""
        ...

    def bubbles(self, person_id: str) -> Sequence[PracticeBubble]:
        """What was said between them and the bot, in order."""
        ...

    def notice(self, person_id: str) -> str:
        """What the app shows for a moment after their last press; empty where nothing."""
        ...

    async def meet(self, name: str, phone: str) -> str:
        """Somebody new; their id. Raises Invalid."""
        ...

    async def act(self, person_id: str, act: PracticeAct, text: str = "", message_id: str = "") -> None:
        """Do it as them: `text` is the message, the caption, the link's word, the button's payload. Raises
        Invalid, Unavailable."""
        ...
