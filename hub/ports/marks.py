"""What a link has to know of itself after a restart: how far it has read, since when it was away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable


class Marks(Protocol):
    """Small texts by name, shared by all processes. A name begins with the connector's."""

    async def read(self, name: str) -> str:
        """Empty where there is none. Raises Unavailable."""
        ...

    async def write(self, name: str, text: str) -> None:
        """In the place of what was there; committed when it returns. Raises Unavailable."""
        ...

    async def change(self, name: str, change: Callable[[str], str]) -> str:
        """Read it, and write what `change` makes of it; nobody else changes it meanwhile. What it is now.
        Raises Unavailable."""
        ...


@runtime_checkable
class KeepsMarks(Protocol):
    """A connector that has some."""

    def marked_by(self, marks: Marks) -> None:
        """Before it runs: where they are kept."""
        ...
