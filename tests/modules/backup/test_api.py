"""Backups in the API: listed, made, and downloaded with a second person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.modules.backup.jobs import make_backup
from tests.webui.stage import PASSWORD, Shop

BACKUPS, SAME = "/api/v1/backups", {"Sec-Fetch-Site": "same-origin"}


async def program(shop: Shop, role: str) -> TestClient[Any, Any]:
    client = shop.browser()
    client.session.headers["Authorization"] = f"Bearer {await shop.token(role)}"
    return client


async def test_backups_are_listed_newest_first_page_by_page(hub: Hub, shop: Shop) -> None:
    client, runs = await program(shop, "manager"), []
    for _ in range(2):
        shop.clock.advance(60)
        runs.append(await hub.backups.run("manual"))  # of one day the newest is kept
    first = await (await client.get(BACKUPS, params={"limit": "1"})).json()
    assert [one["id"] for one in first["items"]] == [runs[1].id]
    second = await (await client.get(BACKUPS, params={"limit": "1", "cursor": first["next"]})).json()
    assert second["next"] is None
    (oldest,) = second["items"]
    assert (oldest["id"], oldest["is_kept"], oldest["is_proved"]) == (runs[0].id, False, True)
    one = await (await client.get(f"{BACKUPS}/{runs[1].id}")).json()
    assert one == first["items"][0]
    assert one["size"] == Path(runs[1].path).stat().st_size
    assert one["name"] == Path(runs[1].path).name
    assert str(hub.backups.folder) not in str(first)
    assert (await client.get(f"{BACKUPS}/none")).status == 404


async def test_one_more_is_asked_for_and_a_second_wish_is_the_same_run(hub: Hub, shop: Shop) -> None:
    client = await program(shop, "manager")
    begun = [await client.post(BACKUPS) for _ in range(2)]
    assert [answer.status for answer in begun] == [202, 202]
    ids = {(await answer.json())["job_id"] for answer in begun}
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        assert {run.id for run in await hub.installation.deps.jobs.recent(uow, make_backup, limit=5)} == ids
    assert (await (await program(shop, "receptionist")).post(BACKUPS)).status == 403


async def test_the_archive_leaves_the_house_when_somebody_else_has_approved_it(hub: Hub, shop: Shop) -> None:
    owner, client = await shop.signed_in("owner"), await program(shop, "owner")
    run = await hub.backups.run("manual")
    path = f"{BACKUPS}/{run.id}/download"
    asked = await client.post(path)
    assert asked.status == 403
    approval = (await asked.json())["error"]["data"]["approval"]
    await owner.post(f"/approvals/{approval}/approve", data={"password": PASSWORD}, headers=SAME)
    answer = await client.post(path, headers={"Idempotency-Key": "one"})
    assert answer.status == 200
    assert answer.content_type == "application/octet-stream"
    assert await answer.read() == Path(run.path).read_bytes()
    assert (await client.post(path, headers={"Idempotency-Key": "one"})).status == 403, "each is approved"
    assert ("backup.download_backup", "done") in await shop.audit()


@pytest.mark.parametrize("role", ["manager", "integration"])
async def test_who_may_not_download_is_refused_before_anybody_is_asked(
    hub: Hub, shop: Shop, role: str
) -> None:
    run = await hub.backups.run("manual")
    answer = await (await program(shop, role)).post(f"{BACKUPS}/{run.id}/download")
    assert (await answer.json())["error"]["code"] == "access.no_right"
