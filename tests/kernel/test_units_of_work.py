"""Units of work, hints and facts: together or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from hub.app import Hub
from hub.kernel.context import HandlerContext
from hub.kernel.manifest import Module, Subscription
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.stream.outbox import event_outbox
from hub.settings import Settings
from hub.values import ShopId
from tests.kernel.rig import Bells, Rang, effects, effects_of, make_hub, prepare, rang
from tests.kernel.stream.test_relay import settled


async def stored(hub: Hub) -> list[tuple[str | None, str | None, str]]:
    query = select(event_outbox.c.actor, event_outbox.c.cause_id, event_outbox.c.key).order_by(
        event_outbox.c.id
    )
    rows = await hub.database.read(lambda connection: connection.execute(query).all())
    return [(row.actor, row.cause_id, row.key) for row in rows]


async def test_rows_facts_and_hints_leave_together_with_the_commit(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module(batch=False))
    await prepare(hub)
    watcher = hub.live.subscribe()
    async with hub.transactions.writing(actor="person:7", shop_id=ShopId("second")) as uow:
        await uow.session.execute(insert(effects).values(handler="page", bell="a", number=1))
        uow.publish(Rang(bell="a", number=1))
        uow.hint("bell", "a", 1)
        inside = await stored(hub)
    hint = await watcher.next()
    found = await effects_of(hub, "page"), await stored(hub)
    await hub.close()
    assert inside == []
    assert found == ({"a": [1]}, [("person:7", None, "bell:a")])
    assert hint is not None
    assert (hint.topic, hint.shop_id) == ("bell", "second")


async def test_nothing_leaves_a_unit_of_work_that_failed(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module(batch=False))
    await prepare(hub)

    async def fail() -> None:
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await uow.session.execute(insert(effects).values(handler="page", bell="a", number=1))
            uow.publish(Rang(bell="a", number=1))
            uow.hint("bell", "a", 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    found = await effects_of(hub, "page"), await stored(hub)
    await hub.close()
    assert found == ({}, [])
    assert hub.live.published == 0


async def test_a_fact_that_a_handler_publishes_names_its_cause(settings: Settings) -> None:
    async def on_rang(event: Rang, ctx: HandlerContext) -> None:
        if event.number == 1:
            ctx.uow.publish(Rang(bell="echo", number=2))

    handler = Subscription("echo.on_rang", (Rang,), handle=on_rang)
    hub = make_hub(
        settings, Module(name="echo", title="Echo", folder=Bells().module().folder, handlers=(handler,))
    )
    await prepare(hub)
    await hub.start()
    await hub.intake.accept([rang("a", 1)])
    await settled(hub)
    query = select(event_outbox.c.id).where(event_outbox.c.key == "bell:a")
    first = await hub.database.read(lambda connection: connection.scalar(query))
    found = await stored(hub)
    await hub.stop()
    assert found == [(None, None, "bell:a"), (None, first, "bell:echo")]


async def test_a_reading_unit_of_work_publishes_nothing(settings: Settings) -> None:
    hub = make_hub(settings)
    await hub.open()
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        with pytest.raises(RuntimeError, match="nothing to publish"):
            uow.publish(Rang(bell="a", number=1))
    await hub.close()
