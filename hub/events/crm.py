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
