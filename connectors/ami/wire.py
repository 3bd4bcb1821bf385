"""What the hub and the process that holds the line to the PBX ask and tell each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar, get_args

import msgspec

from connectors.ami.config import AmiConfig
from hub.events.base import Event
from hub.events.catalogue import EVENTS
from hub.ports.apart import News, Question
from hub.ports.commands import Command, CommandKind, CommandResult
from hub.ports.connector import ConnectorState
from hub.ports.intake import Arrival
from hub.ports.telephony import Endpoint, Finding, LinkState, StoredCall

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named:
    """An object beside the name of its class."""

    kind: str
    value: msgspec.Raw


class OneOf(Generic[T]):
    """Writes and reads objects of several classes."""

    def __init__(self, kinds: Iterable[type[T]]) -> None:
        self._readers = {kind.__name__: msgspec.msgpack.Decoder(kind) for kind in kinds}

    def write(self, value: T) -> Named:
        """On its way."""
        return Named(type(value).__name__, msgspec.Raw(msgspec.msgpack.encode(value)))

    def read(self, named: Named) -> T:
        """As it was."""
        return self._readers[named.kind].decode(named.value)


FACTS: OneOf[Event] = OneOf(EVENTS)
ORDERS: OneOf[Command] = OneOf(get_args(Command))


@dataclass(frozen=True, slots=True)
class Brought:
    """An Arrival on the wire."""

    source: str
    external_id: str
    occurred_at: datetime
    fact: Named

    @classmethod
    def of(cls, arrival: Arrival) -> Brought:
        """On its way."""
        return cls(arrival.source, arrival.external_id, arrival.occurred_at, FACTS.write(arrival.event))

    @property
    def arrival(self) -> Arrival:
        """As it was."""
        event = FACTS.read(self.fact)
        return Arrival(
            source=self.source, external_id=self.external_id, occurred_at=self.occurred_at, event=event
        )


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answer of a CallMemory: the calls that live, and since when nobody has listened."""

    living: Sequence[StoredCall]
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """What the connector says of itself."""

    state: ConnectorState
    text: str
    details: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the line is, whether it takes orders, and which of them the PBX will not let us give."""

    link: LinkState
    takes_orders: bool = False
    lacks: Mapping[CommandKind, str] = field(default_factory=dict)


# The hub asks and tells.
FOLLOW: Question[AmiConfig, None] = Question("follow", AmiConfig, None)
RUN: Question[None, None] = Question("run", None, None)
HALT: Question[None, None] = Question("halt", None, None)
ENDPOINTS: Question[None, Sequence[Endpoint]] = Question("endpoints", None, tuple[Endpoint, ...])
EXAMINE: Question[None, Sequence[Finding]] = Question("examine", None, tuple[Finding, ...])
CARRY_OUT: Question[Named, CommandResult] = Question("carry_out", Named, CommandResult)
FORGET: News[None] = News("forget", None)
DROP_LINE: News[None] = News("drop_line", None)
TRUNKS: News[Sequence[str]] = News("trunks", tuple[str, ...])
ONLY_AGREED: News[bool] = News("only_agreed", bool)

# The process that holds the line asks and tells.
ACCEPT: Question[Sequence[Brought], None] = Question("accept", tuple[Brought, ...], None)
REMEMBER: Question[None, Remembered] = Question("remember", None, Remembered)
REPORTED: News[Report] = News("reported", Report)
STANDS: News[Standing] = News("stands", Standing)
COUNTED: News[Mapping[str, float]] = News("counted", dict[str, float])
