"""Facts about clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPhoneAdded(Event):
    """A number became known as a client's (or changed what it is to the shop): calls from it may
    find whose they were. `number` is the matching key: E.164 where it can be."""

    name: ClassVar[str] = "crm.client_phone_added"
    client_id: str
    number: str

    @property
    def key(self) -> str:
        return f"number:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientNumberReleased(Event):
    """A number is not that client's any more for sure: calls that were taken for theirs by the number
    alone are looked at again. `number` is the matching key."""

    name: ClassVar[str] = "crm.number_released"
    client_id: str
    number: str

    @property
    def key(self) -> str:
        return f"number:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerChosen(Event):
    """A person said whose a call was (None: took it back)."""

    name: ClassVar[str] = "crm.caller_chosen"
    call_id: str
    client_id: str | None

    @property
    def key(self) -> str:
        return f"call:{self.call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsMerged(Event):
    """Two records were one person: `client_id` leads to `into_client_id` from now on."""

    name: ClassVar[str] = "crm.clients_merged"
    client_id: str
    into_client_id: str

    @property
    def key(self) -> str:
        return f"client:{self.into_client_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsUnmerged(Event):
    """They were two after all: `client_id` is a record of its own again."""

    name: ClassVar[str] = "crm.clients_unmerged"
    client_id: str
    from_client_id: str

    @property
    def key(self) -> str:
        return f"client:{self.from_client_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientErased(Event):
    """A person's data are gone on request; the record's id answers with nothing any more."""

    name: ClassVar[str] = "crm.client_erased"
    client_id: str

    @property
    def key(self) -> str:
        return f"client:{self.client_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerErased(Event):
    """The data of a caller of whom nothing but the number was known are gone on request."""

    name: ClassVar[str] = "crm.caller_erased"
    erasure_id: str

    @property
    def key(self) -> str:
        return f"erasure:{self.erasure_id}"
