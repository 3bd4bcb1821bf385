"""How many channels live on each outside line, followed beside the calls. Pure: no clock, no line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from connectors.ami.message import Message
from connectors.ami.tracker.endpoints import Endpoints, endpoint
from hub.events.lines import TrunksUsed, TrunkUse

WANTED = frozenset({"Newchannel", "Hangup"})
_MOST = 100_000
_LONGEST = 200


class Trunks:
    """The living channels of outside lines, by their Uniqueid."""

    def __init__(self, pbx: str, endpoints: Endpoints) -> None:
        self._pbx = pbx
        self._endpoints = endpoints
        self._living: dict[str, str] = {}
        self._changed: set[str] = set()

    @property
    def has_news(self) -> bool:
        """Whether something waits to be told."""
        return bool(self._changed)

    def feed(self, message: Message) -> None:
        """A channel was born, or is gone."""
        uniqueid = message.get("Uniqueid")
        if message.name == "Hangup":
            gone = self._living.pop(uniqueid, None)
            self._changed |= {gone} if gone is not None else set()
        elif (name := self._outside(message)) is not None and len(self._living) < _MOST:
            self._living[uniqueid] = name
            self._changed.add(name)

    def news(self) -> TrunksUsed | None:
        """What changed since it was last asked for."""
        changed, self._changed = self._changed, set()
        if not changed:
            return None
        count = Counter(self._living.values())
        uses = tuple(TrunkUse(endpoint=name, channels=count[name]) for name in sorted(changed))
        return TrunksUsed(pbx=self._pbx, is_whole=False, trunks=uses)

    def picture(self, channels: Sequence[Message]) -> TrunksUsed:
        """All of them, by the PBX's list brought up to now."""
        found = [(row.get("Uniqueid"), self._outside(row)) for row in channels]
        self._living = {uniqueid: name for uniqueid, name in found if uniqueid and name is not None}
        self._changed = set()
        count = Counter(self._living.values())
        uses = tuple(TrunkUse(endpoint=name, channels=count[name]) for name in sorted(count))
        return TrunksUsed(pbx=self._pbx, is_whole=True, trunks=uses)

    def _outside(self, message: Message) -> str | None:
        channel = message.get("Channel")
        is_outside = self._endpoints.kind_of_channel(channel) == "outside"
        return endpoint(channel)[:_LONGEST] if is_outside else None
