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
from hub.values import ShopId

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
class Sight:
    """What of the shop's calls a desk looks at: of one shop, or (None) of all that the person may see; the
    person's own only, or everybody's. The pops are the person's own in any case."""

    shop: ShopId | None = None
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A call in a list. `people` are those of ours who ring or talk now (or who talked)."""

    call: CallView
    caller: Caller
    line_name: str
    people: tuple[Words, ...]
    since: datetime
    is_mine: bool
    shop_name: str = ""
    """Empty where there is only one shop to see."""


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
    about: Row | None = None
    """The caller whom the colleague on the line has on hold, or talks with beside: it is about him."""
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
    shops: Mapping[ShopId, str]
    """The names of the shops that the person may look at, where there are several."""
    sight: Sight
    now: datetime
    became: Mapping[str, str]
    """Calls that the tab holds an unsaved note for and that are a part of another call now: of which."""
