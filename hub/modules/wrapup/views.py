"""What wrap-up gives out: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.masking import Words

Kind = Literal["disposition", "tag"]
"""What came of the call: one of them; what else is to be known of it: any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceView:
    """A word to choose. `is_default`: nobody has written a list yet, and the title is translated."""

    id: str
    kind: Kind
    title: str
    is_default: bool = False
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpView:
    """What was said of a call; `author_name` said the last of it."""

    call_id: str
    disposition: ChoiceView | None = None
    tags: tuple[ChoiceView, ...] = ()
    author_name: Words = ""
    at: datetime | None = None

    @property
    def chosen(self) -> frozenset[str]:
        """The ids of everything that is marked."""
        return frozenset(one.id for one in (*self.tags, *((self.disposition,) if self.disposition else ())))
