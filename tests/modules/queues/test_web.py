"""The queue board, its API, its settings and the wall screen, over HTTP on a real database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.events.calls import PbxLinkLost
from hub.kernel.shops import FIRST_SHOP
from hub.modules.crm.api import CrmApi
from tests.factories.calls import at, ended, party, snapshot, tell_calls
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.modules.presence.told import member, person, phone, tell, whole

API = "/api/v1/queues"
NUMBER = "+380501234567"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def two_wait(hub: Hub) -> None:
    """One for 40 seconds, one for 10; Олена is free, Петро pauses, nobody has 103."""
    await person(hub, "Олена", "101")
    await person(hub, "Петро", "102")
    paused = member("102", is_paused=True, reason="Lunch")
    gone = member("103", condition="unreachable")
    await tell(
        hub, whole(phone("101"), phone("102"), member("101"), paused, gone, queues=("reception", "night"))
    )
    for number, seconds in ((NUMBER, -40), ("+380671234567", -10)):
        await tell_calls(
            hub,
            snapshot(
                f"b1:{number}", from_number=number, started_at=at(seconds - 2), queued_at=at(seconds),
                queue="reception", state="queued", parties=(party("101"),),
            ),
        )  # fmt: skip


async def test_a_program_reads_who_waits_and_who_is_there(hub: Hub, site: Client) -> None:
    await two_wait(hub)
    status, found = await get_json(site, API)
    assert status == 200
    night, queue = found["items"]
    assert (night["name"], night["members"], queue["name"]) == ("night", [], "reception")
    assert [one["number"] for one in queue["waiting"]] == [NUMBER, "+380671234567"]
    assert queue["longest_since"] == "2026-01-05T07:01:30.000Z"
    assert (queue["there"], queue["free"], queue["paused"]) == (2, 1, 1)
    assert [(one["kind"], one["level"]) for one in queue["alarms"]] == [
        ("waiting", "warning"),
        ("longest_wait", "warning"),
    ]


async def test_today_is_counted_as_the_report_counts_it(
    hub: Hub, site: Client, frozen_clock: FrozenClock
) -> None:
    frozen_clock.advance(3600)
    calls = [ended(f"b1:{n}", n * 60, "answered", queue="reception") for n in range(6)]
    calls += [ended(f"b1:l{n}", n * 60, "missed", queue="reception") for n in range(2)]
    await tell_calls(hub, *calls, ended("b1:past", 1, "missed"))
    await tell(hub, whole(member("101")))
    _, board = await get_json(site, API)
    _, report = await get_json(site, "/api/v1/reports/calls", **{"from": "2026-01-05", "to": "2026-01-05"})
    [queue] = board["items"]
    assert (queue["today"]["answered"], queue["today"]["lost"]) == (6, 2)
    assert board["today"]["lost"] == 3
    assert board["today"]["service_level"] == report["inbound"]["service_level"]
    assert "про дзвінки в робочий час" in (await get_text(site, "/queues", part="board"))[1]


async def test_every_number_on_the_board_is_called_by_a_click_and_known_as_the_call_that_is_answered(
    hub: Hub, site: Client
) -> None:
    await two_wait(hub)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await CrmApi(uow, hub.installation.deps).quick_create("+380671234567", "Тарас")
    _, page = await get_text(site, "/queues", part="board")
    links = re.findall(r'href="tel:([^"]+)" data-call="([^"]+)"', page)
    assert links == [(NUMBER, f"b1:{NUMBER}"), ("+380671234567", "b1:+380671234567")]


async def test_while_the_line_is_away_the_board_says_that_nobody_knows(hub: Hub, site: Client) -> None:
    await two_wait(hub)
    await tell(hub, PbxLinkLost(pbx="ami", reason="cut"))
    _, found = await get_json(site, API)
    assert (found["is_known"], found["unknown_since"]) == (False, "2026-01-05T07:02:10.000Z")
    _, page = await get_text(site, "/queues", part="board")
    assert 'data-state="free"' not in page
    assert 'data-state="unknown"' in page


async def test_who_may_not_see_numbers_sees_their_end(hub: Hub) -> None:
    await two_wait(hub)
    client = await site_of(hub, "integration")
    _, found = await get_json(client, API)
    assert found["items"][1]["waiting"][0]["number"] in (NUMBER, "•••4567")
    await client.close()


async def test_who_has_no_right_reaches_nothing(hub: Hub) -> None:
    client = await site_of(hub, "mechanic")
    assert (await get_json(client, API))[0] == 403
    assert (await get_text(client, "/queues"))[0] == 403
    assert (await send_form(client, "/queues/pause", {"extension": "101", "pause": "yes"}))[0] == 403
    await client.close()


async def test_a_pause_of_nobodys_phone_or_without_a_pbx_is_refused_in_words(hub: Hub, site: Client) -> None:
    await two_wait(hub)
    assert (await send_form(site, "/queues/pause", {"extension": "999", "pause": "yes"}))[0] == 404
    status, _, page = await send_form(site, "/queues/pause", {"extension": "101", "pause": "yes"})
    assert status == 503
    assert "traceback" not in page.lower()


async def test_limits_are_changed_shop_by_shop(hub: Hub, site: Client) -> None:
    await two_wait(hub)
    limits = {"waiting": 2, "longest_wait": 0, "service_level": 0, "members_free": 2}
    status, said = await send_json(site, "PUT", f"/api/v1/queue-limits/{FIRST_SHOP}", limits)
    assert (status, said) == (200, {"shop_id": FIRST_SHOP, **limits})
    _, found = await get_json(site, API)
    assert [(one["kind"], one["level"]) for one in found["items"][1]["alarms"]] == [
        ("waiting", "problem"),
        ("members_free", "problem"),
    ]
    assert (await send_json(site, "PUT", "/api/v1/queue-limits/nowhere", limits))[0] == 404
    wrong = {**limits, "waiting": -1}
    assert (await send_json(site, "PUT", f"/api/v1/queue-limits/{FIRST_SHOP}", wrong))[0] == 422


async def test_what_was_typed_stays_when_a_limit_makes_no_sense(site: Client) -> None:
    fields = {
        "shop": FIRST_SHOP,
        "waiting": "many",
        "longest_wait": "60",
        "service_level": "80",
        "members_free": "1",
    }
    status, _, page = await send_form(site, "/settings/queues", fields)
    assert status == 422
    assert 'value="many"' in page
    assert 'id="fault-waiting"' in page


async def make_screen(site: Client, **more: str) -> str:
    """The path of a new screen, which is opened by a click."""
    fields = {"shop": FIRST_SHOP, "name": "Reception", **more}
    status, _, page = await send_form(site, "/settings/queues/screens", fields)
    assert status == 200
    found = re.search(r'<a class="queues-address" href="[^"]+(/wall/[\w-]+)"', page)
    assert found is not None
    return found[1]


async def test_a_wall_screen_needs_no_log_in_and_shows_no_caller(hub: Hub, site: Client) -> None:
    await two_wait(hub)
    address = await make_screen(site)
    stranger = await site_of(hub, None)
    status, page = await get_text(stranger, address)
    assert status == 200
    assert "Олена" in page
    for caller in ("4567", "Іван"):
        assert caller not in page
    assert "<nav" not in page
    _, part = await get_text(stranger, address, part="board")
    assert "<html" not in part
    assert (await stranger.post(address)).status == 405
    await stranger.close()


async def test_only_where_the_owner_said_so_the_wall_shows_who_waits(hub: Hub, site: Client) -> None:
    await two_wait(hub)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        client = await CrmApi(uow, hub.installation.deps).quick_create("+380671234567", "<b>Іван</b>")
    await tell_calls(
        hub,
        snapshot(
            "b1:third", from_number="+380671234567", queued_at=at(-5), queue="reception", state="queued",
        ),
    )  # fmt: skip
    assert client.title == "<b>Іван</b>"
    address = await make_screen(site, shows_callers="1")
    stranger = await site_of(hub, None)
    _, page = await get_text(stranger, address)
    assert "+380 50 123 4567" in page
    assert "&lt;b&gt;Іван&lt;/b&gt;" in page
    await stranger.close()


async def test_a_screen_that_was_taken_away_shows_nothing(hub: Hub, site: Client) -> None:
    address = await make_screen(site)
    _, settings = await get_text(site, "/settings/queues")
    assert address not in settings
    found = re.search(r"/settings/queues/screens/\w+/take-away", settings)
    assert found is not None
    assert (await send_form(site, found[0], {}))[0] == 303
    stranger = await site_of(hub, None)
    assert (await get_text(stranger, address))[0] == 404
    assert (await get_text(stranger, "/wall/x"))[0] == 404
    await stranger.close()


@pytest.mark.parametrize("name", ["", "x" * 81, "a\x00b"])
async def test_a_screen_needs_a_name(site: Client, name: str) -> None:
    status, _, _ = await send_form(site, "/settings/queues/screens", {"shop": FIRST_SHOP, "name": name})
    assert status in (400, 422)
