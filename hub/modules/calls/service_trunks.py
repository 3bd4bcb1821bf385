"""What outside lines carry, as it is stored, and when that begins or ends to be all they can: on the hot
path, since every call changes it twice. Calls beyond what a line carries never reach the PBX: how many were
lost then nobody knows. Harmless when it runs twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from hub.events.base import Envelope
from hub.events.lines import LineFreed, LineFull, TrunksUsed
from hub.kernel.context import BatchContext
from hub.kernel.storage.orm import new_id
from hub.kernel.storage.prepared import Prepared
from hub.modules.calls.models import Full, Line, Trunk
from hub.modules.calls.rules_capacity import Way, full_ones, ways_of
from hub.values import ShopId

TOPIC = "pbx"

_LINES = Prepared(select(Line.shop_id, Line.name, Line.trunk, Line.capacity).order_by(Line.name, Line.id))
_TRUNKS = Prepared(select(Trunk.pbx, Trunk.endpoint, Trunk.channels))
_FULL = select(
    Full.id, Full.shop_id, Full.trunk, Full.lines, Full.capacity, Full.is_all, Full.began_at
).where(Full.ended_at.is_(None))
_OPEN = Prepared(_FULL)
_CARRIES = Prepared(
    update(Trunk)
    .where(Trunk.pbx == bindparam("v_pbx"), Trunk.endpoint == bindparam("v_endpoint"))
    .values(channels=bindparam("v_channels"))
)


class TrunkKeeper:
    """For one batch: what is known is read once, each fact is judged in its order."""

    def __init__(self, ctx: BatchContext) -> None:
        self._ctx = ctx
        self._connection = ctx.connection
        self._lines = _LINES.all(self._connection, {})
        trunks = _TRUNKS.all(self._connection, {})
        self._channels = {(row.pbx, row.endpoint): row.channels for row in trunks}
        self._open: dict[tuple[str, str], Any] = {
            (row.shop_id, row.trunk): row for row in _OPEN.all(self._connection, {})
        }

    def used(self, event: TrunksUsed, cause: Envelope) -> None:
        """Take in what the lines carry, and say where that begins or ends to be all they can."""
        said = {(event.pbx, use.endpoint): use.channels for use in event.trunks}
        gone = {key: 0 for key in self._channels if event.is_whole and key[0] == event.pbx}
        for key, channels in {**gone, **said}.items():
            self._put(key, channels)
        self._judge(cause)

    def link_lost(self, cause: Envelope) -> None:
        """From here on nobody knows: what is known to have been full was so until now."""
        for key in list(self._open):
            self._free(key, cause)

    def _put(self, key: tuple[str, str], channels: int) -> None:
        known = self._channels.get(key)
        pbx, endpoint = key
        if known is None:
            row = {"pbx": pbx, "endpoint": endpoint, "channels": channels}
            self._connection.execute(insert(Trunk).values(row))
        elif known != channels:
            row = {"v_pbx": pbx, "v_endpoint": endpoint, "v_channels": channels}
            _CARRIES.run(self._connection, [row])
        self._channels[key] = channels

    def _judge(self, cause: Envelope) -> None:
        channels: dict[str, int] = {}
        for (_, endpoint), count in self._channels.items():
            channels[endpoint] = channels.get(endpoint, 0) + count
        full = full_ones(ways_of(self._lines, channels))
        for key in [key for key in self._open if key not in full]:
            self._free(key, cause)
        for key, way in full.items():
            if key not in self._open:
                self._fill(key, way, cause)

    def _fill(self, key: tuple[str, str], way: Way, cause: Envelope) -> None:
        at = cause.occurred_at
        row = {
            "id": new_id(self._ctx.deps.clock),
            "shop_id": way.shop_id,
            "trunk": way.trunk,
            "lines": list(way.names),
            "capacity": way.capacity,
            "is_all": way.is_all,
            "began_at": at,
            "ended_at": None,
        }
        self._open[key] = self._connection.execute(
            insert(Full).values(row).returning(*_FULL.selected_columns)
        ).one()
        event = LineFull(trunk=way.trunk, lines=way.names, capacity=way.capacity, is_all=way.is_all)
        self._ctx.publish(event, cause=cause)
        self._tell(way.shop_id, way.trunk, at)

    def _free(self, key: tuple[str, str], cause: Envelope) -> None:
        row, at = self._open.pop(key), cause.occurred_at
        ended = update(Full).where(Full.id == row.id).values(ended_at=max(at, row.began_at))
        self._connection.execute(ended)
        event = LineFreed(
            trunk=row.trunk, lines=tuple(row.lines), capacity=row.capacity, is_all=row.is_all,
            full_since=row.began_at,
        )  # fmt: skip
        self._ctx.publish(event, cause=cause)
        self._tell(row.shop_id, row.trunk, at)

    def _tell(self, shop_id: str, trunk: str, at: datetime) -> None:
        self._ctx.hint(TOPIC, f"full:{trunk}", int(at.timestamp()), ShopId(shop_id))
