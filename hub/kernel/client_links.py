"""What a client may open by a short link, `/c/<token>`, declared in modules' manifests.

    links=(ClientLink(kind="unsubscribe", show=web_link.show, act=web_link.act),)

The page and its frame belong to the links module: it finds the token, says when one is over, and speaks the
client's language. `show` renders what stands inside (GET: it must change nothing, since messengers open links
to preview them), `act` does what the form in it asks for (POST). Nobody is signed in: whatever they do is
about the one object of the link.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from hub.kernel.masking import Dialable, Words

if TYPE_CHECKING:
    from hub.kernel.web import PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """A link that is good. `object` is the id of the one thing it is about, `text` what it asks; `used_at`:
    when its form was sent last."""

    id: str
    kind: str
    object: str
    client_id: str | None
    channel: str
    address: Dialable
    text: Words
    shop_id: str
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLink:
    """One kind of link. `act` gives back what is said above the page afterwards. `is_once`: its form counts
    once. `days`: how long it is good, unless whoever makes one says otherwise."""

    kind: str
    show: Callable[[PageRequest, OpenedLink], Awaitable[str]]
    act: Callable[[PageRequest, OpenedLink], Awaitable[str]]
    is_once: bool = False
    days: int = 14
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that it belongs to; "" = its module's."""
