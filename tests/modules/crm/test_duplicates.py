"""A job looks at everybody; what it found is looked at again when it is shown, with what changed since."""

from __future__ import annotations

from dataclasses import replace

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.shops import FIRST_SHOP
from hub.modules.crm import jobs
from hub.modules.crm.api import PhoneEntry, entry_of
from hub.modules.crm.models import TwinLook
from tests.factories.crm import crm_of, make_car, make_client
from tests.kernel.waiting import until

IRYNA, OTHER = "+380501234567", "+380671112233"


async def proposed(hub: Hub) -> list[set[str]]:
    async with crm_of(hub) as crm:
        return [{pair.one.name, pair.other.name} for pair in await crm.duplicates.all(50)]


async def look(hub: Hub, clock: FrozenClock) -> None:
    """The job runs, with everything before it longer ago than clocks may differ."""
    clock.advance(600)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await hub.installation.deps.jobs.enqueue(uow, jobs.look_for_duplicates, {})

    async def is_done() -> bool:
        async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            seen = await uow.session.get(TwinLook, 1)
            return seen is not None and seen.at == clock.now()

    hub.jobs.start()
    try:
        await until(is_done)
    finally:
        await hub.jobs.stop()


async def test_what_the_job_found_is_shown_the_surest_first(hub: Hub, frozen_clock: FrozenClock) -> None:
    await make_client(hub, "Ірина Коваль", "0501111111")
    await make_client(hub, "Коваль Ірина", "0509999999")
    for name in ("Ірина Мельник", "Ірина  МЕЛЬНИК"):
        await make_client(hub, name, "0631112233" if "Мельник" in name else "0631112234")
    for name in ("Петро", "Павло"):
        await make_client(hub, name, IRYNA)
    before = await proposed(hub)
    await look(hub, frozen_clock)
    frozen_clock.advance(600)
    assert await proposed(hub) == before
    assert before[0] == {"Петро", "Павло"}
    assert len(before) == 2


async def test_who_came_since_is_proposed_at_once(hub: Hub, frozen_clock: FrozenClock) -> None:
    one = await make_client(hub, "Петро", IRYNA)
    await look(hub, frozen_clock)
    frozen_clock.advance(600)
    assert await proposed(hub) == []
    await make_client(hub, "Павло", IRYNA)
    other = await make_client(hub, "Марія", OTHER)
    assert await proposed(hub) == [{"Петро", "Павло"}]
    async with crm_of(hub) as crm:
        now = await crm.client(one.id)
        phones = (*entry_of(now).phones, PhoneEntry(number=OTHER))
        await crm.change_client(one.id, now.rev, replace(entry_of(now), phones=phones))
    assert {"Петро", "Марія"} in await proposed(hub)
    await make_car(hub, plate="АА1234ВВ", client_id=other.id)
    await make_car(hub, plate="AA1234BB", client_id=(await make_client(hub, "Ганна")).id)
    assert {"Марія", "Ганна"} in await proposed(hub)


async def test_who_is_no_longer_alike_is_not_shown(hub: Hub, frozen_clock: FrozenClock) -> None:
    await make_client(hub, "Петро", IRYNA)
    other = await make_client(hub, "Павло", IRYNA)
    await look(hub, frozen_clock)
    async with crm_of(hub) as crm:
        await crm.change_client(
            other.id, other.rev, replace(entry_of(other), phones=(PhoneEntry(number=OTHER),))
        )
    assert await proposed(hub) == []


async def test_the_job_looks_only_when_somebody_changed(hub: Hub, frozen_clock: FrozenClock) -> None:
    await make_client(hub, "Петро", IRYNA)
    await look(hub, frozen_clock)
    async with crm_of(hub) as crm:
        assert not await crm.duplicates.is_due()
    await make_client(hub, "Павло", IRYNA)
    async with crm_of(hub) as crm:
        assert await crm.duplicates.is_due()


async def test_who_was_merged_while_it_looked_is_not_kept(hub: Hub, frozen_clock: FrozenClock) -> None:
    one, other = await make_client(hub, "Петро", IRYNA), await make_client(hub, "Павло", IRYNA)
    async with crm_of(hub) as crm:
        pairs = await crm.duplicates.look()
        await crm.duplicates.keep([*pairs, ("no-such-client", one.id)], frozen_clock.now())
    await look(hub, frozen_clock)
    async with crm_of(hub) as crm:
        await crm.merging.merge(other.id, one.id, "")
    assert await proposed(hub) == []
