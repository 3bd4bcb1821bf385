"""What of a module is taken away as a file by `pitline export`: declared in the manifest.

    exports=(Export(kind="calls", about="…", columns=("Started", …), read=read_calls),)

Rows come in stretches, newest first, each in a reading unit of work of its own, so that a long file holds
nobody up. Columns are English on purpose: a program that reads the file does not depend on who wrote it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from hub.kernel.context import Deps, UnitOfWork

STRETCH = 500
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One thing: its cells (text, numbers, moments, None), and itself as the API gives it out."""

    cells: Sequence[object]
    whole: BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some rows; `next` continues, None at the end."""

    rows: Sequence[ExportRow]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """`read(uow, deps, since, cursor)` gives what was made or began at `since` or later (None: all)."""

    kind: str
    about: str
    columns: tuple[str, ...]
    read: Callable[[UnitOfWork, Deps, datetime | None, str | None], Awaitable[Stretch]]
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that it belongs to; "" = its module's."""
