"""Asking addresses that somebody typed in: webhooks, and whatever else is fetched from outside. The
implementation refuses every address that is not the open Internet's, unless the settings name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hub.ports.errors import TransientError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the other side answered: the first bytes of it, and after how many milliseconds.
    `retry_after` in seconds where it asked for that."""

    status: int
    body: bytes
    ms: int
    retry_after: float | None = None


class AnswerLost(TransientError):
    """The request may have arrived; its answer was not seen."""


class Outbound(Protocol):
    """One request at a time, no redirects, no cookies, no proxy."""

    async def fault_of(self, url: str) -> str | None:
        """Why this address may not be asked, in words for a person (an English source text); None when
        it may. Resolves the name, so never within a unit of work."""
        ...

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        """Send it. Raises PermanentError for an address that may not be asked, TransientError when
        nothing was answered in time."""
        ...

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float, largest: int
    ) -> Reply:
        """Ask, and read so many bytes of the answer. Raises PermanentError as `post`, TransientError when the
        request certainly did not arrive, AnswerLost when it may have."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...
