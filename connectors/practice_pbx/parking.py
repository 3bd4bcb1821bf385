"""The parking lot of the practice exchange: callers in spaces 701 to 720, and the events of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from connectors.practice_pbx.model import Bridge, Channel, Headers

if TYPE_CHECKING:
    from connectors.practice_pbx.exchange import Exchange

_TIMEOUT = 45


@dataclass(slots=True)
class Parked:
    """A caller in a space of the parking lot."""

    space: str
    channel: Channel
    parker: str
    since: datetime


class ParkingLot:
    """Who is parked where. `bridge` is the holding bridge that they all hear music in."""

    def __init__(self, exchange: Exchange, bridge: Bridge) -> None:
        self._exchange = exchange
        self.bridge = bridge
        self.parked: dict[str, Parked] = {}

    def _free_space(self) -> str:
        return next(str(s) for s in range(701, 721) if str(s) not in self.parked)

    def park(self, channel: Channel, parker: Channel) -> str:
        """Put a channel into the lot; gives the space."""
        space = self._free_space()
        self.parked[space] = Parked(space, channel, parker.device, self._exchange.clock.now())
        self._exchange.emit("ParkedCall", self.headers(space))
        self._exchange.leave(channel)
        self._exchange.enter(self.bridge, channel)
        return space

    def unpark(self, space: str, retriever: Channel, bridge: Bridge) -> None:
        """Somebody dials the space: both go into a bridge, the retriever joins the caller's call."""
        parked = self.parked[space]
        headers = self.headers(space, retriever)
        del self.parked[space]
        self._exchange.leave(parked.channel)
        self._exchange.enter(bridge, parked.channel)
        self._exchange.emit("UnParkedCall", headers)
        retriever.linkedid = parked.channel.linkedid
        self._exchange.enter(bridge, retriever)
        self._exchange.set_connected(retriever, parked.channel)
        self._exchange.set_connected(parked.channel, retriever)

    def give_up(self, channel: Channel) -> None:
        """Whoever was parked hung up, or was sent elsewhere; nothing for a channel that is not parked."""
        for space in [one for one, parked in self.parked.items() if parked.channel is channel]:
            self._exchange.emit("ParkedCallGiveUp", self.headers(space))
            del self.parked[space]

    def headers(self, space: str, retriever: Channel | None = None) -> Headers:
        """A parked caller as ParkedCall and its kin show it."""
        parked = self.parked[space]
        waited = int((self._exchange.clock.now() - parked.since).total_seconds())
        return [
            *parked.channel.headers("Parkee"),
            *(retriever.headers("Retriever") if retriever is not None else []),
            ("ParkerDialString", parked.parker),
            ("Parkinglot", "default"),
            ("ParkingSpace", space),
            ("ParkingTimeout", str(max(0, _TIMEOUT - waited))),
            ("ParkingDuration", str(waited)),
        ]
