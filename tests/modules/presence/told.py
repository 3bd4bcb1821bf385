"""What a PBX tells of phones, for tests: facts, and the handler run on them as the relay does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from hub.app import Hub
from hub.events.base import Event
from hub.events.phones import MemberState, PhonesChanged, PhoneState
from hub.kernel.context import Delivered
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, PersonView
from hub.modules.presence.api import PresenceApi, PresenceView
from hub.modules.presence.handlers import on_pbx_facts
from hub.ports.live import Hint
from hub.values import ShopId
from tests.factories.calls import Batch, delivered


def phone(extension: str, condition: str = "free", device: str = "") -> PhoneState:
    return PhoneState(
        device=device or f"PJSIP/{extension}", extension=extension,
        condition=condition,  # type: ignore[arg-type]  # a test's own words
    )  # fmt: skip


def member(extension: str, queue: str = "reception", **more: object) -> MemberState:
    values: dict[str, object] = {
        "queue": queue, "interface": f"PJSIP/{extension}", "extension": extension,
        "name": f"name {extension}", "condition": "free", "is_paused": False, "reason": "",
        "paused_at": None, **more,
    }  # fmt: skip
    return MemberState(**values)  # type: ignore[arg-type]  # a test's own words


def whole(*states: PhoneState | MemberState, queues: tuple[str, ...] = ("reception",)) -> PhonesChanged:
    return changed(*states, is_whole=True, queues=queues)


def changed(
    *states: PhoneState | MemberState, is_whole: bool = False, queues: tuple[str, ...] = ()
) -> PhonesChanged:
    return PhonesChanged(
        pbx="ami", is_whole=is_whole, queues=queues,
        phones=tuple(one for one in states if isinstance(one, PhoneState)),
        members=tuple(one for one in states if isinstance(one, MemberState)),
    )  # fmt: skip


async def tell(hub: Hub, *events: Event, at: datetime | None = None) -> list[Hint]:
    """What presence does with each, in its order, committed; its hints."""
    deps = hub.installation.deps

    def run(connection: Connection) -> list[Hint]:
        batch = Batch(connection, deps)
        for event in events:
            told = delivered(event)
            moment = replace(told.envelope, occurred_at=at or deps.clock.now())
            on_pbx_facts(batch, [Delivered(moment, event)])  # type: ignore[arg-type]  # a fact of the PBX
        return batch.hints

    return await hub.database.write(run)


async def person(
    hub: Hub, name: str, *extensions: str, role: str = "receptionist", **more: object
) -> PersonView:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        access = AccessApi(uow, hub.installation.deps)
        return await access.create_person(name, role, extensions=extensions, **more)  # type: ignore[arg-type]


async def choose(hub: Hub, who: PersonView, kind: str, reason: str = "", minutes: int | None = None) -> None:
    async with hub.transactions.writing(actor=f"person:{who.id}", shop_id=FIRST_SHOP) as uow:
        now = hub.installation.deps.clock.now()
        await PresenceApi(uow, hub.installation.deps).people.choose(
            who, kind,  # type: ignore[arg-type]  # a test's own words
            reason=reason, until=now + timedelta(minutes=minutes) if minutes is not None else None,
        )  # fmt: skip


async def seen(hub: Hub, shops: frozenset[ShopId] | None = None) -> dict[str, PresenceView]:
    """Everybody by name."""
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        return {one.name: one for one in await PresenceApi(uow, hub.installation.deps).everybody(shops)}


async def said(hub: Hub, name: str, field: str) -> list[object]:
    """That field of every fact of this name, in their order."""
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        query = text("SELECT payload FROM event_outbox WHERE name = :name ORDER BY occurred_at, id")
        rows = (await uow.session.execute(query, {"name": name})).all()
    return [json.loads(row[0])[field] for row in rows]
