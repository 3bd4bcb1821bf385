"""What comes in by HTTP from a provider: kept raw, verified, and only then believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from hub.ports.intake import Arrival


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """A request as it came. `path` and `query` are raw (still percent-encoded), header names in lower
    case; a header that came twice stands joined by `, `. `sender`: the address that it came from, as far
    as trusted proxies tell; nothing is proved by it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Genuine:
    """It is from whom it says. `identity`: what the provider calls this thing, the same for each delivery
    of it, so that a second one is silence. `signed`: the very bytes that the proof covers (empty: query
    and body); what bears the same proof is the same delivery, however its parts were cut anew."""

    identity: str
    signed: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """It is not, or cannot be told; `reason` for /system (an English source text)."""

    reason: str
    status: int = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    """What the provider is answered once its request is stored."""

    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One address that a provider calls. `verify` and `translate` are pure and quick, and nothing in a
    request may make them raise: `translate` gets genuine ones only, and is run again when the hub was
    killed in between. The hub stores the request before it answers and bounds its size. POST is taken,
    and GET where the provider may be told to use it. `kept` is told of each genuine one once it is stored
    (again of a repeat): it neither waits nor raises. `secret_headers` (lower case) are not stored with it."""

    path: str
    verify: Callable[[HookRequest], Genuine | Forged]
    translate: Callable[[HookRequest], Sequence[Arrival]]
    answer: HookAnswer = HookAnswer()
    largest: int = 1_000_000
    methods: frozenset[str] = frozenset({"POST"})
    kept: Callable[[HookRequest], None] | None = None
    secret_headers: frozenset[str] = frozenset()


class HookStore(Protocol):
    """The inbox, for what a connector fetches itself in place of being called."""

    async def keep(self, request: HookRequest) -> None:
        """As if it had been brought to the hook of its path: when this returns it is stored, or was there
        already. Raises Unavailable when it could not be stored, ValueError when its hook does not believe
        it."""
        ...


@runtime_checkable
class TakesHooks(Protocol):
    """A connector that providers call. Its addresses are there as soon as the hub serves pages."""

    def hooks(self) -> Sequence[Hook]: ...


@runtime_checkable
class FetchesHooks(Protocol):
    """A connector that also fetches what its provider could bring."""

    def stored_by(self, store: HookStore) -> None:
        """Before it runs: where to put what it fetches."""
        ...
