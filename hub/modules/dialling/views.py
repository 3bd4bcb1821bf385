"""What others see of dialling: frozen, never a row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.masking import Dialable
from hub.ports.commands import CommandKind
from hub.values import ShopId

CommandState = Literal["wanted", "sent", "accepted", "connected", "done", "failed", "unknown"]
"""`wanted`: stored, not sent yet; `sent`: on its way; `accepted`: the PBX does it; `connected`: they talk;
`done`, `failed`: over; `unknown`: whether the PBX got it is not known, and it is not sent again."""

CommandReason = Literal[
    "no_line", "too_late", "refused", "lost", "phone_away", "phone_silent", "busy", "no_answer",
    "not_put_through", "cancelled", "ended_unseen", "not_allowed", "unseen",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandView:
    """An order as it stands. `said`: the PBX's own words, where it said no."""

    id: str
    rev: int
    shop_id: str
    kind: CommandKind
    state: CommandState
    reason: CommandReason | None
    said: str
    is_open: bool
    extension: str
    number: Dialable | None
    line: str | None
    call_id: str | None
    wanted_at: datetime
    sent_at: datetime | None
    connected_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandPage:
    """A stretch of the list, newest first; `next` begins the following one, None at the end."""

    items: tuple[CommandView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who gives an order, and whose phones are theirs. A program may name any phone of its shops. `shops`:
    those whose lines may be presented; None = every shop."""

    actor: str
    role: str
    shop_id: ShopId
    extensions: tuple[str, ...]
    is_person: bool
    shops: frozenset[ShopId] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPause:
    """How one's phones stand in the queues, by the PBX, whoever paused them and where. `is_known` False: the
    line to the PBX is away. `reason`, `since`: of the newest pause."""

    is_known: bool
    in_queues: int = 0
    paused_in: tuple[str, ...] = ()
    reason: str = ""
    since: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """In one queue at least."""
        return bool(self.paused_in)

    @property
    def is_whole(self) -> bool:
        """In every queue."""
        return self.is_paused and len(self.paused_in) == self.in_queues


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOrder:
    """Ring somebody: `key` is the click's own. `call_id`: the call that it answers, whose line is presented;
    `extension`: which phone rings first, else the asker's first one. `is_confirmed`: a second person said
    that it may be above the day's limit."""

    number: Dialable
    key: str
    call_id: str | None = None
    extension: str | None = None
    is_confirmed: bool = False
