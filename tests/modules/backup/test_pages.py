"""Backups and quarantine as the owner meets them on /system."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import insert

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.backup.tables import backup_quarantine
from hub.modules.backup import jobs
from tests.webui.stage import PASSWORD, Shop

RESTORED = "Nothing is sent: this system was restored from a backup."
SAME = {"Sec-Fetch-Site": "same-origin"}


async def in_english(shop: Shop, role: str) -> TestClient[Any, Any]:
    client = await shop.signed_in(role)
    await client.post("/account/language", data={"language": "en"}, headers=SAME)
    return client


async def posted(client: TestClient[Any, Any], path: str, **fields: str) -> int:
    answer = await client.post(path, data=fields, headers=SAME, allow_redirects=False)
    return answer.status


@pytest.fixture
async def restored(hub: Hub, frozen_clock: FrozenClock) -> Hub:
    now = frozen_clock.now()
    row = {"id": "q1", "begun_at": now, "taken_at": now - timedelta(hours=24)}
    await hub.database.write(lambda connection: connection.execute(insert(backup_quarantine).values(row)))
    assert await hub.quarantine.state() is not None
    return hub


async def test_every_page_of_a_restored_system_says_that_nothing_is_sent(restored: Hub, shop: Shop) -> None:
    desk = await (await (await in_english(shop, "receptionist")).get("/desk")).text()
    owner = await (await (await in_english(shop, "owner")).get("/clients")).text()
    assert RESTORED in desk
    assert "Look at what waits" not in desk
    assert RESTORED in owner
    assert 'href="/system#part-quarantine"' in owner


async def test_only_the_owner_releases_it_with_the_password_again_and_it_is_written_down(
    restored: Hub, shop: Shop
) -> None:
    receptionist, owner = await in_english(shop, "receptionist"), await in_english(shop, "owner")
    assert await posted(receptionist, "/system/quarantine/release", waiting="drop") == 403
    assert await restored.quarantine.state() is not None
    assert await posted(owner, "/system/quarantine/release", waiting="drop") == 422
    assert await restored.quarantine.state() is not None
    typed = {"waiting": "drop", "second_password": PASSWORD}
    assert await posted(owner, "/system/quarantine/release", **typed) == 303
    assert await restored.quarantine.state() is None
    assert RESTORED not in await (await owner.get("/desk")).text()
    assert ("backup.release", "done") in await shop.audit()


async def test_back_up_now_asks_for_a_backup_once_and_the_page_tells_how_it_went(
    hub: Hub, shop: Shop
) -> None:
    owner = await in_english(shop, "owner")
    assert "There is no backup yet." in await (await owner.get("/system")).text()
    assert [await posted(owner, "/system/backups") for _ in range(2)] == [303, 303]
    assert "A backup is being made." in await (await owner.get("/system")).text()
    async with hub.transactions.reading(actor=None, shop_id=hub.installation.default_shop) as uow:
        assert hub.installation.deps.jobs is not None
        assert len(await hub.installation.deps.jobs.recent(uow, jobs.make_backup)) == 1
    await hub.backups.run("manual")
    text = await (await owner.get("/system")).text()
    assert "The last backup was put back on trial, and everything was there." in text
    assert "proved" in text


async def test_an_old_backup_raises_an_alarm(hub: Hub, shop: Shop, frozen_clock: FrozenClock) -> None:
    await in_english(shop, "owner")
    await hub.backups.run("manual")
    frozen_clock.advance(37 * 3600)
    owner = await shop.sign_in("owner")
    text = await (await owner.get("/system")).text()
    assert "The last good backup is too old." in text
    assert "pitline_backup_age_seconds 133200" in await (await owner.get("/metrics")).text()


async def fetched(client: TestClient[Any, Any], path: str, **fields: str) -> tuple[int, bytes]:
    answer = await client.post(path, data=fields, headers=SAME, allow_redirects=False)
    return answer.status, await answer.read()


async def test_a_backup_is_downloaded_whole_after_the_password_and_it_is_written_down(
    hub: Hub, shop: Shop
) -> None:
    owner = await in_english(shop, "owner")
    run = await hub.backups.run("manual")
    listed = await (await owner.get("/system/backups")).text()
    path = f"/system/backups/{run.id}/download"
    assert f'action="{path}"' in listed
    assert "proved" in listed
    status, page = await fetched(owner, path)
    assert (status, b"second_password" in page) == (422, True)
    assert (await fetched(owner, path, second_password="wrong"))[0] == 422
    answer = await owner.post(path, data={"second_password": PASSWORD}, headers=SAME)
    assert answer.status == 200
    assert await answer.read() == Path(run.path).read_bytes()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{Path(run.path).name}"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert {("backup.download", "done"), ("backup.download.confirm", "failed")} <= set(await shop.audit())


async def test_where_there_are_two_owners_the_other_signs_for_the_download(hub: Hub, shop: Shop) -> None:
    owner = await in_english(shop, "owner")
    await shop.person("owner", "olga")
    run = await hub.backups.run("manual")
    path = f"/system/backups/{run.id}/download"
    alone = {"second_login": "owner", "second_password": PASSWORD}
    assert (await fetched(owner, path, **alone))[0] == 422
    assert (await fetched(owner, path, second_login="olga", second_password=PASSWORD))[0] == 200


async def test_who_may_only_look_sees_the_list_and_downloads_nothing(hub: Hub, shop: Shop) -> None:
    run = await hub.backups.run("manual")
    manager = await in_english(shop, "manager")
    listed = await (await manager.get("/system/backups")).text()
    assert "by hand" in listed
    assert "/download" not in listed
    assert await posted(manager, f"/system/backups/{run.id}/download", second_password=PASSWORD) == 403


@pytest.mark.parametrize("run_id", ["dropped", "nothing", "..%2F..%2Fetc"])
async def test_what_is_not_kept_any_more_cannot_be_downloaded(hub: Hub, shop: Shop, run_id: str) -> None:
    owner = await in_english(shop, "owner")
    run = await hub.backups.run("manual")
    Path(run.path).unlink()
    gone = run.id if run_id == "dropped" else run_id
    assert await posted(owner, f"/system/backups/{gone}/download", second_password=PASSWORD) == 404
    assert "not kept any more" in await (await owner.get("/system/backups")).text()
