"""Facts about links that clients were sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConfirmed(Event):
    """A client said yes by a link of the kind `confirm`; `object` is what whoever made the link called it.
    `text` is what they were asked, `shop_id` whose link it is: both empty in older facts."""

    name: ClassVar[str] = "link.confirmed"
    link_id: str
    object: str
    client_id: str | None
    text: str = ""
    shop_id: str = ""

    @property
    def key(self) -> str:
        return f"link:{self.object}"
