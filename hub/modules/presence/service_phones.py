"""What the PBX tells of phones and queues, as it is stored: on the hot path, since phones ring and talk as
often as calls do. Harmless when it runs twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from hub.events.phones import MemberState, PhonesChanged
from hub.kernel.context import BatchContext
from hub.modules.access.api import shop_ids, shops_by_extension
from hub.modules.presence import statements as sql
from hub.values import ShopId

TOPIC = "presence"

Row = dict[str, Any]


class PhoneKeeper:
    """For one batch. Everybody's is told in every shop, a phone where its person works."""

    def __init__(self, ctx: BatchContext) -> None:
        self._ctx = ctx
        self._connection = ctx.connection

    def changed(self, event: PhonesChanged, at: datetime, shop_id: ShopId) -> None:
        """Take in what is otherwise; where all was asked for, drop what is not there any more. `shop_id`
        hears of phones that are nobody's."""
        rev = self._raised(event.pbx)
        self._take_phones(event, at)
        self._take_members(event, at)
        if event.is_whole:
            self._take_queues(event)
            sql.KNOWN.run(self._connection, [{"v_pbx": event.pbx, "v_at": at}])
            self._tell(event.pbx, rev, shop_ids(self._connection))
            return
        extensions = {one.extension for one in event.phones} | {one.extension for one in event.members}
        places = shops_by_extension(self._connection)
        shops = {shop for extension in extensions for shop in places.get(extension, ())}
        self._tell(event.pbx, rev, shops or {shop_id})

    def link_lost(self, pbx: str, at: datetime) -> None:
        """From here on nobody knows."""
        rev = self._raised(pbx)
        if sql.LINK.all(self._connection, {"v_pbx": pbx})[0].unknown_since is None:
            sql.UNKNOWN.run(self._connection, [{"v_pbx": pbx, "v_at": at}])
        self._tell(pbx, rev, shop_ids(self._connection))

    def _raised(self, pbx: str) -> int:
        sql.RAISE_LINK.run(self._connection, [{"v_pbx": pbx}])
        rev: int = sql.LINK.all(self._connection, {"v_pbx": pbx})[0].rev
        return rev

    def _take_phones(self, event: PhonesChanged, at: datetime) -> None:
        names = [{"v_pbx": event.pbx, "v_device": one.device} for one in event.phones]
        known = {row.device: row for row in self._known(event, sql.PHONES, sql.PHONE, names)}
        new: list[Row] = []
        turned: list[Row] = []
        for phone in {one.device: one for one in event.phones}.values():
            row = known.pop(phone.device, None)
            said = {"v_pbx": event.pbx, "v_device": phone.device, "v_condition": phone.condition}
            if row is None:
                new.append({**said, "v_extension": phone.extension, "v_since": at})
            elif row.condition != phone.condition:
                turned.append({**said, "v_since": at})
        gone = [{"v_pbx": event.pbx, "v_device": device} for device in known] if event.is_whole else []
        self._run((sql.PUT_PHONE, new), (sql.TURN_PHONE, turned), (sql.DROP_PHONE, gone))

    def _take_members(self, event: PhonesChanged, at: datetime) -> None:
        names = [_named(event.pbx, one.queue, one.interface) for one in event.members]
        rows = self._known(event, sql.MEMBERS, sql.MEMBER, names)
        known = {(row.queue, row.interface): row for row in rows}
        new: list[Row] = []
        turned: list[Row] = []
        gone: list[Row] = []
        for member in {(one.queue, one.interface): one for one in event.members}.values():
            name = _named(event.pbx, member.queue, member.interface)
            row = known.pop((member.queue, member.interface), None)
            if member.is_gone:
                gone.append(name)
            elif row is None:
                new.append({**name, **_written(None, member, at)})
            else:
                turned.append({**name, **_written(row, member, at)})
        if event.is_whole:
            gone += [_named(event.pbx, *key) for key in known]
        self._run((sql.PUT_MEMBER, new), (sql.TURN_MEMBER, turned), (sql.DROP_MEMBER, gone))

    def _known(self, event: PhonesChanged, every: Any, one: Any, names: Sequence[Row]) -> list[Any]:
        if event.is_whole:
            return list(every.all(self._connection, {"v_pbx": event.pbx}))
        return [row for name in names for row in one.all(self._connection, name)]

    def _take_queues(self, event: PhonesChanged) -> None:
        queues = [{"v_pbx": event.pbx, "v_name": name} for name in sorted(set(event.queues))]
        self._run((sql.DROP_QUEUES, [{"v_pbx": event.pbx}]), (sql.PUT_QUEUE, queues))

    def _run(self, *steps: tuple[Any, Sequence[Row]]) -> None:
        for statement, rows in steps:
            if rows:
                statement.run(self._connection, rows)

    def _tell(self, pbx: str, rev: int, shops: Collection[ShopId]) -> None:
        for shop_id in sorted(shops):
            self._ctx.hint(TOPIC, pbx, rev, shop_id)


def _named(pbx: str, queue: str, interface: str) -> Row:
    return {"v_pbx": pbx, "v_queue": queue, "v_interface": interface}


def _written(row: Any, member: MemberState, at: datetime) -> Row:
    is_same = row is not None and row.condition == member.condition
    paused_at = None
    if member.is_paused:
        since = row.paused_at if row is not None and row.is_paused else at
        paused_at = member.paused_at or since
    return {
        "v_extension": member.extension, "v_name": member.name, "v_condition": member.condition,
        "v_since": row.since if is_same else at, "v_is_paused": member.is_paused,
        "v_reason": member.reason, "v_paused_at": paused_at,
    }  # fmt: skip
