"""A value that is nobody's business, whatever is printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that never shows itself in logs, errors or `doctor config`."""

    value: str = ""

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        return "Secret(***)" if self.value else "Secret()"

    __str__ = __repr__
