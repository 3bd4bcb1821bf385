"""Whoever rang two shops in vain is one call-back; what each shop writes of its own it still writes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from hub.kernel.shops import FIRST_SHOP, Place
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.autotexts.api import TEXT_BACK
from hub.modules.autotexts.views import RunView
from hub.modules.tasks.api import TasksApi
from hub.values import ShopId
from tests.factories.relays import settled
from tests.factories.tasks import happen, open_tasks
from tests.modules.autotexts.stage import MOBILE, Stage, call_now


@pytest.fixture
async def lviv(stage: Stage) -> ShopId:
    hub, deps = stage.house.hub, stage.house.hub.installation.deps
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(name="Львів", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
        made = (await AccessApi(uow, deps).shops.create(entry)).id
    deps.places.learn({made: Place("UA", ZoneInfo("Europe/Kyiv"))})
    return made


async def both_missed(stage: Stage, lviv: ShopId) -> None:
    for number, shop in enumerate((FIRST_SHOP, lviv)):
        call = call_now(stage.clock.now(), f"b1:{number}.7", MOBILE, "missed")
        await happen(stage.house.hub, call, shop_id=shop)
        await settled(stage.house.hub)
        stage.clock.advance(1)


def whose(runs: tuple[RunView, ...]) -> list[tuple[str, str | None]]:
    return [(run.shop_id, run.call_id) for run in runs]


async def test_the_rule_of_a_further_shop_writes_by_its_own_call(stage: Stage, lviv: ShopId) -> None:
    await stage.switch_on(TEXT_BACK, shop_id=lviv)
    await both_missed(stage, lviv)
    assert len(await open_tasks(stage.house.hub)) == 1
    assert whose(await stage.runs()) == [(lviv, "b1:1.7")]


async def test_a_rule_of_all_shops_writes_once(stage: Stage, lviv: ShopId) -> None:
    await stage.switch_on(TEXT_BACK)
    await both_missed(stage, lviv)
    assert whose(await stage.runs()) == [(FIRST_SHOP, "b1:0.7")]


async def test_a_shop_that_gives_up_writes_for_itself_while_the_other_one_goes_on(
    stage: Stage, lviv: ShopId
) -> None:
    await stage.switch_on("unreached")
    await both_missed(stage, lviv)
    (task,) = await open_tasks(stage.house.hub)
    async with stage.uow() as uow:
        doing = TasksApi(uow, stage.house.hub.installation.deps).doing
        await doing.close(task.id, "unreached", "", frozenset({lviv}))
    await settled(stage.house.hub)
    assert whose(await stage.runs()) == [(lviv, "b1:1.7")]
    assert len(await open_tasks(stage.house.hub, FIRST_SHOP)) == 1
