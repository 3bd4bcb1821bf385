"""Jobs on the screen: seen by whom they concern, run now, ended."""

from __future__ import annotations

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from tests.webui.stage import Shop

SAME = {"Sec-Fetch-Site": "same-origin"}


async def asked_by(hub: Hub, actor: str) -> str:
    async with hub.transactions.writing(actor=actor, shop_id=FIRST_SHOP) as uow:
        return await hub.installation.deps.jobs.enqueue(uow, "access.forget_old_logins")


async def test_a_run_is_seen_by_who_asked_and_who_may_run_it_and_by_nobody_else(hub: Hub, shop: Shop) -> None:
    master = await shop.person("master")
    run_id = await asked_by(hub, f"person:{master.id}")
    own, owner = await shop.sign_in("master"), await shop.signed_in("owner")
    stranger = await shop.signed_in("receptionist")
    seen = [(await who.get(f"/jobs/{run_id}")).status for who in (own, owner, stranger)]
    part = await (await own.get(f"/jobs/{run_id}?part=body")).text()
    assert seen == [200, 200, 404]
    assert f"/jobs/{run_id}/cancel" in part


async def test_a_run_is_cancelled_from_its_page_and_the_act_is_audited(hub: Hub, shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    run_id = await asked_by(hub, "person:nobody")
    answer = await owner.post(f"/jobs/{run_id}/cancel", headers=SAME, allow_redirects=False)
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        run = await hub.installation.deps.jobs.find(uow, run_id)
    assert (answer.status, run.state) == (303, "cancelled")
    assert ("system.cancel_job", "done") in await shop.audit()


async def test_work_by_the_clock_is_run_now_by_right(hub: Hub, shop: Shop) -> None:
    owner, manager = await shop.signed_in("owner"), await shop.signed_in("manager")
    path = "/jobs/by-name/access.forget_old_logins/run"
    statuses = [
        (await who.post(path, headers=SAME, allow_redirects=False)).status for who in (owner, manager)
    ]
    unknown = await owner.post("/jobs/by-name/no.such/run", headers=SAME, allow_redirects=False)
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        runs = await hub.installation.deps.jobs.recent(uow, "access.forget_old_logins")
    assert (statuses, unknown.status, len(runs)) == ([303, 403], 404, 1)


async def test_the_system_page_and_the_figures_know_the_jobs(hub: Hub, shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    await asked_by(hub, "person:x")
    text = await (await owner.get("/system")).text()
    figures = await (await owner.get("/metrics")).text()
    assert 'id="part-jobs"' in text
    assert 'pitline_job_running{job="access.forget_old_logins"} 1' in figures
