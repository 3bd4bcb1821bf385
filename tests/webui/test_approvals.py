"""The second person for programs: refused with what to do, approved by somebody else on a page, then done
once; where there is nobody else, the owner types the own password."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import insert, text

from hub.app import Hub
from hub.kernel.backup.tables import backup_quarantine
from tests.webui.stage import PASSWORD, Shop

SAME = {"Sec-Fetch-Site": "same-origin"}
RELEASE = "/api/v1/quarantine/release"
Client = TestClient[Any, Any]


@pytest.fixture(autouse=True)
async def restored(hub: Hub) -> None:
    now = hub.installation.clock.now()
    row = {"id": "q1", "begun_at": now, "taken_at": now - timedelta(hours=24)}
    await hub.database.write(lambda connection: connection.execute(insert(backup_quarantine).values(row)))
    await hub.quarantine.state()


class Program:
    """A program with an owner's token that somebody made."""

    def __init__(self, client: Client, token: str) -> None:
        self._client = client
        self._token = token

    async def release(self, waiting: str = "drop", key: str = "") -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._token}"} | ({"Idempotency-Key": key} if key else {})
        answer = await self._client.post(RELEASE, json={"waiting": waiting}, headers=headers)
        return answer.status, await answer.json()


async def program_of(shop: Shop, maker: Client) -> Program:
    """One whose token was made by this person."""
    made = await maker.post("/settings/tokens", data={"name": "till", "role": "owner"}, headers=SAME)
    [token] = re.findall(r'<code class="shell-key">([^<]+)</code>', await made.text())
    return Program(shop.browser(), token)


async def decided(client: Client, approval: str, how: str, password: str = PASSWORD) -> int:
    answer = await client.post(
        f"/approvals/{approval}/{how}", data={"password": password}, headers=SAME, allow_redirects=False
    )
    return answer.status


async def waits(client: Client) -> set[str]:
    return set(re.findall(r"/approvals/(\w+)/approve", await (await client.get("/approvals")).text()))


async def test_a_program_is_told_what_to_do_and_does_it_once_when_a_colleague_has_approved(
    hub: Hub, shop: Shop
) -> None:
    owner, colleague = await shop.signed_in("owner"), await shop.signed_in("owner", "olga")
    program = await program_of(shop, owner)
    status, said = await program.release(key="k1")
    assert (status, said["error"]["code"]) == (403, "second.needed")
    approval = said["error"]["data"]["approval"]
    assert said["error"]["data"]["page"].endswith(f"/approvals#{approval}")
    assert (await program.release(key="k1"))[1]["error"]["data"]["approval"] == approval
    assert await hub.quarantine.state() is not None
    assert await waits(owner) == set()
    assert await decided(owner, approval, "approve") == 404
    page = await (await colleague.get("/approvals")).text()
    assert "/api/v1/quarantine/release" in page
    assert "&#34;waiting&#34;: &#34;drop&#34;" in page
    assert await decided(colleague, approval, "approve", "wrong") == 422
    assert (await program.release(key="k1"))[0] == 403
    assert await decided(colleague, approval, "approve") == 303
    first = await program.release(key="k1")
    assert first == (200, {"is_on": False, "begun_at": None, "taken_at": None, "waiting": []})
    assert await hub.quarantine.state() is None
    assert await program.release(key="k1") == first
    assert {("access.approve", "done"), ("access.approve", "failed")} <= set(await shop.audit())
    [done] = [one for one in await shop.entries() if one.action == "backup.release_quarantine"][:1]
    assert done.outcome == "done"


async def test_an_approval_is_for_that_very_request_and_for_one_time(hub: Hub, shop: Shop) -> None:
    owner, colleague = await shop.signed_in("owner"), await shop.signed_in("owner", "olga")
    program, other = await program_of(shop, owner), await program_of(shop, owner)
    approval = (await program.release())[1]["error"]["data"]["approval"]
    assert await decided(colleague, approval, "approve") == 303
    assert await decided(colleague, approval, "approve") == 404
    assert (await program.release("send"))[0] == 403
    assert (await other.release())[0] == 403
    assert (await program.release())[0] == 200
    again = await program.release()
    assert (again[0], again[1]["error"]["code"]) == (409, "quarantine.off")
    query = text("SELECT state FROM access_approvals WHERE id = :id")
    kept = await hub.database.read(lambda connection: connection.scalar(query, {"id": approval}))
    assert kept == "used"


async def test_where_there_is_nobody_else_the_maker_types_the_own_password(hub: Hub, shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    program = await program_of(shop, owner)
    approval = (await program.release())[1]["error"]["data"]["approval"]
    assert await waits(owner) == {approval}
    assert await decided(owner, approval, "approve", "wrong") == 422
    assert await decided(owner, approval, "approve") == 303
    assert (await program.release())[0] == 200


async def test_what_was_declined_is_not_done(hub: Hub, shop: Shop) -> None:
    owner, colleague = await shop.signed_in("owner"), await shop.signed_in("owner", "olga")
    program = await program_of(shop, owner)
    approval = (await program.release())[1]["error"]["data"]["approval"]
    assert await decided(colleague, approval, "decline") == 303
    status, said = await program.release()
    assert (status, said["error"]["code"]) == (403, "second.declined")
    assert await hub.quarantine.state() is not None


async def test_an_approval_that_came_too_late_counts_no_more(hub: Hub, shop: Shop) -> None:
    owner, colleague = await shop.signed_in("owner"), await shop.signed_in("owner", "olga")
    program = await program_of(shop, owner)
    approval = (await program.release())[1]["error"]["data"]["approval"]
    assert await decided(colleague, approval, "approve") == 303
    shop.clock.advance(25 * 3600)
    assert (await program.release())[1]["error"]["data"]["approval"] != approval


async def test_whoever_may_not_do_it_may_not_approve_it(hub: Hub, shop: Shop) -> None:
    owner, manager = await shop.signed_in("owner"), await shop.signed_in("manager")
    program = await program_of(shop, owner)
    approval = (await program.release())[1]["error"]["data"]["approval"]
    assert await waits(manager) == set()
    assert [await decided(manager, approval, how) for how in ("approve", "decline")] == [404, 404]


async def test_a_browser_on_the_page_of_the_api_needs_the_second_person_too(hub: Hub, shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    page = await (await owner.get("/settings/api")).text()
    [token] = re.findall(r'"X-CSRF-Token": "(\w+)"', page)
    answer = await owner.post(RELEASE, json={"waiting": "drop"}, headers={**SAME, "X-CSRF-Token": token})
    assert answer.status == 403
    assert (await answer.json())["error"]["code"] == "second.needed"


async def test_only_so_many_requests_of_one_program_wait(hub: Hub, shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    headers, program = {"Authorization": f"Bearer {await shop.token('owner')}"}, shop.browser()
    people = [await shop.person("mechanic", f"m{number}") for number in range(22)]
    paths = [f"/api/v1/employees/{person.id}/second-factor/reset" for person in people]
    seen = [(await program.post(path, headers=headers)).status for path in paths]
    assert seen == [403] * 20 + [429] * 2
    assert len(await waits(owner)) == 20


async def test_nobody_is_asked_to_approve_what_cannot_be_done(hub: Hub, shop: Shop) -> None:
    owner, program = (
        await shop.signed_in("owner"),
        await program_of(shop, await shop.signed_in("owner", "olga")),
    )
    headers, stranger = {"Authorization": f"Bearer {await shop.token('owner')}"}, shop.browser()
    answer = await stranger.post("/api/v1/employees/nobody/second-factor/reset", headers=headers)
    assert answer.status == 404
    assert (await stranger.post("/api/v1/backups/none/download", headers=headers)).status == 404
    await hub.database.write(lambda connection: hub.quarantine.release(connection, None, discard=True))
    status, said = await program.release()
    assert (status, said["error"]["code"]) == (409, "quarantine.off")
    assert await waits(owner) == set()


async def test_a_program_resets_a_second_factor_with_a_second_person(hub: Hub, shop: Shop) -> None:
    owner, person = await shop.signed_in("owner"), await shop.person("mechanic")
    headers = {"Authorization": f"Bearer {await shop.token('owner')}"}
    path, program = f"/api/v1/employees/{person.id}/second-factor/reset", shop.browser()
    asked = await program.post(path, headers=headers)
    approval = (await asked.json())["error"]["data"]["approval"]
    assert await decided(owner, approval, "approve") == 303
    assert (await program.post(path, headers=headers)).status == 204
