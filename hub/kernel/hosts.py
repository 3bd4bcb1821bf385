"""Who of ours is at work for a client now: declared in the manifest, so that whoever routes calls need not
know what ties a client to one of us.

    hosts=(ClientHost(name="orders.master", reason="master", order=10, find=…),)
    absences=(Absence(name="presence.gone", find=…),)

`GET /api/v1/route` asks the hosts in their order, before it looks who talked with the client last, and names
nobody who is absent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hub.kernel.context import Deps, UnitOfWork
    from hub.values import ShopId

HostReason = Literal["master"]
"""`master`: the client's car is in the shop, and this is who answers for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHost:
    """One reason. `find` names employees by their ids, whoever is to be rung first in front; of these shops
    (None: of all)."""

    name: str
    reason: HostReason
    order: int
    find: Callable[[UnitOfWork, Deps, str, frozenset[ShopId] | None], Awaitable[Sequence[str]]]
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that it belongs to; "" = its module's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """One reason not to send a caller to somebody of ours now. `find` names employees by their ids."""

    name: str
    find: Callable[[UnitOfWork, Deps], Awaitable[Collection[str]]]
    order: int = 100
    feature: str = ""
