"""Endpoints and events over HTTP: the API, the pages, whose they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.app import Hub
from hub.events.crm import ClientPhoneAdded
from tests.factories.site import Client, get_json, send_form, send_json, site_of
from tests.modules.webhooks.receiver import Receiver, deliveries, publish, send_once, send_until

HOOKS = "/api/v1/webhooks"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def add(site: Client, url: str, **more: Any) -> dict[str, Any]:
    status, made = await send_json(site, "POST", HOOKS, {"url": url, **more})
    assert status == 201, made
    answer: dict[str, Any] = made
    return answer


async def test_a_secret_is_shown_once_and_is_nowhere_else(site: Client, program: Receiver) -> None:
    made = await add(site, program.url, events=["crm.*"])
    secret = made["secret"]
    one = await get_json(site, f"{HOOKS}/{made['id']}")
    every = await get_json(site, HOOKS)
    log = await get_json(site, f"{HOOKS}/{made['id']}/deliveries")
    _, new = await send_json(site, "POST", f"{HOOKS}/{made['id']}/secret", {})
    assert secret not in str((one, every, log))
    assert new["secret"] not in (secret, "")
    assert new["old_secret_until"] is not None


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.2/", "http://example.com/", "https://10.0.0.1/", "ftp://x", "x", "https://2130706434/"],
)
@pytest.mark.one_on_postgres
async def test_an_address_that_may_not_be_asked_is_refused_when_it_is_saved(
    site: Client, program: Receiver, url: str
) -> None:
    status, answer = await send_json(site, "POST", HOOKS, {"url": url})
    assert (status, list(answer["error"]["fields"])) == (422, ["url"])
    made = await add(site, program.url)
    status, answer = await send_json(site, "PATCH", f"{HOOKS}/{made['id']}", {"url": url})
    assert (status, list(answer["error"]["fields"])) == (422, ["url"])


async def test_what_was_told_is_in_the_log_and_can_be_told_again(
    hub: Hub, site: Client, program: Receiver
) -> None:
    made = await add(site, program.url)
    await publish(hub, ClientPhoneAdded(client_id="c", number="+380501234567"))
    await send_once(hub)
    _, page = await get_json(site, f"{HOOKS}/{made['id']}/deliveries", state="delivered")
    delivery = page["items"][0]
    _, whole = await get_json(site, f"{HOOKS}/{made['id']}/deliveries/{delivery['id']}")
    assert whole["body"].encode() == program.seen[0].body
    assert [one["status"] for one in whole["tries"]] == [204]
    _, event = await get_json(site, f"/api/v1/events/{delivery['event_id']}")
    assert event["data"] == {"client_id": "c", "number": "+380501234567"}
    status, _ = await send_json(site, "POST", f"{HOOKS}/{made['id']}/deliveries/{delivery['id']}/resend", {})
    assert status == 202
    await send_once(hub)
    assert program.seen[0].headers["webhook-id"] == program.seen[1].headers["webhook-id"]


async def test_the_second_of_two_changes_of_one_revision_is_told_so(site: Client, program: Receiver) -> None:
    made = await add(site, program.url)
    answers = [
        (await send_json(site, "PATCH", f"{HOOKS}/{made['id']}", {"name": name, "rev": 1}))[0]
        for name in ("first", "second")
    ]
    assert answers == [200, 409]


async def test_events_are_listed_by_area_key_and_cause(hub: Hub, site: Client) -> None:
    for number in range(5):
        await publish(hub, ClientPhoneAdded(client_id="c", number=f"+38050000000{number}"))
    _, page = await get_json(site, "/api/v1/events", name="crm.*", limit=2)
    _, rest = await get_json(site, "/api/v1/events", name="crm.*", cursor=page["next"])
    numbers = [one["data"]["number"][-1] for one in (*page["items"], *rest["items"])]
    assert numbers == ["4", "3", "2", "1", "0"]
    _, one = await get_json(site, "/api/v1/events", key="number:+380500000002")
    assert len(one["items"]) == 1
    assert (await get_json(site, "/api/v1/events", name="call.*"))[1]["items"] == []


async def test_a_program_of_one_shop_has_endpoints_of_that_shop_only(
    hub: Hub, site: Client, program: Receiver
) -> None:
    every = await add(site, program.url)
    own = await site_of(hub, "integration")
    made = await add(own, program.url)
    assert (every["shop_id"], made["shop_id"]) == (None, str(hub.installation.default_shop))
    assert (await get_json(own, f"{HOOKS}/{every['id']}"))[0] == 404
    assert (await send_json(own, "POST", HOOKS, {"url": program.url, "shop_id": "other"}))[0] == 422
    await own.close()
    stranger = await site_of(hub, "receptionist")
    assert (await get_json(stranger, HOOKS))[0] == 403
    await stranger.close()


async def test_the_pages_add_test_and_delete_an_endpoint(hub: Hub, site: Client, program: Receiver) -> None:
    home = "/settings/webhooks"
    status, _, page = await send_form(site, f"{home}/new", {"url": "https://127.0.0.9/", "event": "*"})
    assert (status, "is-invalid" in page) == (422, True)
    status, _, page = await send_form(
        site, f"{home}/new", {"url": program.url, "event": "call.*", "is_active": "1"}
    )
    assert (status, "whsec_" in page) == (200, True)
    endpoint = (await get_json(site, HOOKS))[1]["items"][0]
    assert endpoint["events"] == ["call.*"]
    assert (await send_form(site, f"{home}/{endpoint['id']}/test", {}))[0] == 303
    await send_until(hub, lambda: len(program.seen) == 1)
    async with site.get(f"{home}/{endpoint['id']}?part=log") as answer:
        assert "webhook.test" in await answer.text()
    assert (await send_form(site, f"{home}/{endpoint['id']}/delete", {}))[1] == home
    assert await deliveries(hub) == []
