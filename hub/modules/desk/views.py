"""What the desk shows, ready for a template: frozen, plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.masking import Dialable, Words
from hub.modules.calls.api import CallTotals, CallView, NoteView
from hub.modules.crm.api import Candidate, ClientView, NumberKind
from hub.modules.desk.rules import DeskState, Pop

CallerKind = Literal["client", "not_client", "candidates", "unknown", "withheld", "colleague"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who the other side is, as far as it is known; `name` is empty where nobody is known."""

    kind: CallerKind
    name: Words = ""
    number: Dialable | None = None
    number_kind: NumberKind = "withheld"
    client: ClientView | None = None
    candidates: tuple[Candidate, ...] = ()
    cars: tuple[str, ...] = ()
    was_chosen: bool = False

    @property
    def is_offered(self) -> bool:
        """Whether the number can be given to a new client."""
        return self.kind in ("unknown", "candidates") and self.number_kind in ("public", "digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A call in a list. `people` are those of ours who ring or talk now (or who talked)."""

    call: CallView
    caller: Caller
    line_name: str
    people: tuple[Words, ...]
    since: datetime
    is_mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PopRow:
    """A pop that is not open: one line."""

    pop: Pop
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCard:
    """The pop whose card is open. `handed_by` names the colleague that the call came from."""

    pop: Pop
    row: Row
    notes: tuple[NoteView, ...]
    handed_by: Words = ""
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPage:
    """Everything on one person's desk."""

    state: DeskState
    phones: tuple[Dialable, ...]
    card: OpenCard | None
    others: tuple[PopRow, ...]
    board: tuple[Row, ...]
    today: tuple[Row, ...]
    totals: CallTotals
    now: datetime
    became: Mapping[str, str]
    """Calls that the tab holds an unsaved note for and that are a part of another call now: of which."""
