"""Claims of ordinary handlers: leases, the fence, several relays, and kills in the middle."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from hub.kernel.stream.dead_letters import DeadFilter
from hub.kernel.stream.outbox import event_delivery, event_outbox
from hub.settings import Settings
from tests.kernel.rig import Bells, Rang, effects_of, make_hub, prepare, rang
from tests.kernel.stream.test_relay import settled


def with_lease(settings: Settings, seconds: float) -> Settings:
    return replace(settings, relay=replace(settings.relay, lease=seconds))


async def test_a_claim_of_a_dead_relay_is_taken_over_when_its_lease_ends(settings: Settings) -> None:
    hub = make_hub(with_lease(settings, 0.3), Bells().module(batch=False))
    await prepare(hub)
    await hub.intake.accept([rang("a", 1)])
    claims = hub.relay.claims
    [dead] = await hub.database.write(lambda connection: claims.take(connection, 10, 0.3))
    again = await hub.database.write(lambda connection: claims.take(connection, 10, 0.3))
    await hub.start()
    await settled(hub)
    found = await effects_of(hub, "ordinary")
    await hub.stop()
    assert dead.handler == "rig.on_rang"
    assert again == []
    assert found == {"a": [1]}


async def test_a_handler_that_outlived_its_lease_leaves_one_effect(settings: Settings) -> None:
    bells = Bells()
    hub = make_hub(with_lease(settings, 5.0), bells.module(batch=False))
    await prepare(hub)
    await hub.intake.accept([rang("a", 1)])

    stolen = update(event_delivery).values(token="another", claimed_until=0.0)
    claims = hub.relay.claims
    [claim] = await hub.database.write(lambda connection: claims.take(connection, 1, 5.0))
    await hub.database.write(lambda connection: connection.execute(stolen))
    await hub.relay.deliver(claim)
    after_loss = await effects_of(hub, "ordinary")
    await hub.start()
    await settled(hub)
    found = await effects_of(hub, "ordinary")
    await hub.stop()
    assert after_loss == {}
    assert found == {"a": [1]}
    assert len(bells.runs) == 2
    assert hub.relay.counters.lost_claims == 1


async def test_a_failure_of_a_lost_claim_changes_nothing(settings: Settings) -> None:
    def trouble(_: str, __: Rang) -> None:
        raise RuntimeError("boom")

    hub = make_hub(settings, Bells(trouble).module(batch=False))
    await prepare(hub)
    await hub.intake.accept([rang("a", 1)])
    claims = hub.relay.claims
    [claim] = await hub.database.write(lambda connection: claims.take(connection, 1, 5.0))
    stolen = update(event_delivery).values(token="another")
    await hub.database.write(lambda connection: connection.execute(stolen))
    await hub.relay.deliver(claim)
    row = await hub.database.read(lambda connection: connection.execute(select(event_delivery)).one())
    await hub.close()
    assert (row.attempts, row.token, row.state) == (0, "another", "pending")


@pytest.mark.postgres
async def test_two_hubs_on_one_server_share_the_work_without_losing_order(settings: Settings) -> None:
    first, second = make_hub(settings, Bells().module()), make_hub(settings, Bells().module())
    await prepare(first)
    await first.start()
    await second.start()
    arrivals = [rang(f"b{bell}", number) for number in range(30) for bell in range(4)]
    for at in range(0, len(arrivals), 8):
        await first.intake.accept(arrivals[at : at + 4])
        await second.intake.accept(arrivals[at + 4 : at + 8])
    await settled(first)
    found = await effects_of(first, "ordinary"), await effects_of(first, "batch")
    handled = Counter((first.relay.counters.handled > 0, second.relay.counters.handled > 0))
    await second.stop()
    await first.stop()
    expected = {f"b{bell}": list(range(30)) for bell in range(4)}
    assert found == (expected, expected)
    assert handled == Counter({True: 2})


async def test_an_event_that_nobody_can_read_is_dead_at_once_and_blocks_nothing(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module())
    await prepare(hub)
    await hub.intake.accept([rang("a", 1), rang("a", 2)])
    broken = update(event_outbox).where(event_outbox.c.external_id == "a-1").values(payload='{"bell": 7}')
    await hub.database.write(lambda connection: connection.execute(broken))
    await hub.start()
    await settled(hub)
    found = await effects_of(hub, "ordinary"), await effects_of(hub, "batch")
    letters = await hub.system.letters.page(DeadFilter())
    await hub.stop()
    assert found == ({"a": [2]}, {"a": [2]})
    assert len(letters) == 2
    assert all("cannot be read" in letter.last_error for letter in letters)


async def test_deliveries_of_a_module_that_is_off_are_not_made(settings: Settings) -> None:
    off = replace(settings, modules=replace(settings.modules, off=("rig",)))
    hub = make_hub(off, Bells().module())
    await prepare(hub)
    await hub.start()
    await hub.intake.accept([rang("a", 1)])
    rows = await hub.database.read(lambda connection: connection.execute(select(event_delivery)).all())
    await hub.stop()
    assert rows == []


async def test_work_of_one_key_waits_while_another_key_goes_on(settings: Settings) -> None:
    gate = asyncio.Event()

    def trouble(who: str, event: Rang) -> None:
        if who == "batch" and event.bell == "slow" and not gate.is_set():
            raise RuntimeError("not yet")

    slow = replace(settings, relay=replace(settings.relay, backoff=(0.3,) * 20))
    hub = make_hub(slow, Bells(trouble).module(ordinary=False))
    await prepare(hub)
    await hub.start()
    await hub.intake.accept([rang("slow", 1), rang("quick", 1), rang("slow", 2), rang("quick", 2)])
    early = await effects_of(hub, "batch")
    gate.set()
    await settled(hub)
    late = await effects_of(hub, "batch")
    await hub.stop()
    assert early == {"quick": [1, 2]}
    assert late == {"quick": [1, 2], "slow": [1, 2]}


async def test_what_waits_of_a_key_is_handled_before_what_comes_fresh(settings: Settings) -> None:
    gate = asyncio.Event()

    def trouble(who: str, event: Rang) -> None:
        if (who, event.number) == ("batch", 1) and not gate.is_set():
            raise RuntimeError("not yet")

    hub = make_hub(settings, Bells(trouble).module(ordinary=False))
    await prepare(hub)
    await hub.start()
    await hub.intake.accept([rang("a", 1)])
    await hub.intake.accept([rang("a", 2), rang("b", 2)])
    gate.set()
    await hub.intake.accept([rang("a", 3), rang("b", 3)])
    await settled(hub)
    found = await effects_of(hub, "batch")
    await hub.stop()
    assert found == {"a": [1, 2, 3], "b": [2, 3]}


async def test_fresh_facts_are_handled_with_their_commit_and_leave_nothing_to_do(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module(ordinary=False))
    await prepare(hub)
    await hub.start()
    await hub.intake.accept([rang("a", 1), rang("a", 2)])
    await hub.intake.accept([rang("a", 2), rang("a", 3)])  # the second arrival of 2 is silence
    found = await effects_of(hub, "batch")
    states = await hub.database.read(lambda c: c.execute(select(event_delivery.c.state)).scalars().all())
    await hub.stop()
    assert found == {"a": [1, 2, 3]}
    assert states == []
