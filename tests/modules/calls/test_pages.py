"""Pages of calls: list, totals, call, live board, lines; escaped whatever the network says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from hub.app import Hub
from hub.events.calls import Leg, Transfer
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.calls.service_gaps import GapService
from hub.values import ShopId
from tests.factories.calls import (
    LINE,
    at,
    call_of,
    calls_of,
    ended,
    fact,
    merged,
    party,
    snapshot,
    tell,
    tell_calls,
)
from tests.factories.crm import make_car, make_client
from tests.factories.site import Client, get_text, send_form, site_of

XSS = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


def totals(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-total="(\w+)">([^<]*)<', page))


def listed(page: str) -> list[str]:
    return re.findall(r'<(?:tr|div class="calls-card") data-call="([^"]+)"', page)


async def test_the_list_begins_and_ends_where_the_calendar_does(hub: Hub, site: Client) -> None:
    await tell_calls(hub, ended("1", 0, "missed"))
    status, page = await get_text(
        site, "/calls", period="custom", **{"from": "0001-01-01", "to": "9999-12-31"}
    )
    assert (status, listed(page)) == (200, ["1"])


async def test_a_day_without_calls_says_so(site: Client) -> None:
    for path in ("/calls", "/calls?period=week", "/calls?result=missed", "/calls/live", "/settings/lines"):
        status, page = await get_text(site, path)
        assert status == 200
        assert 'class="empty"' in page or "calls-none" in page, path


async def test_the_list_shows_today_and_totals_that_equal_it(hub: Hub, site: Client) -> None:
    await tell_calls(
        hub, ended("1", 0, "answered"), ended("2", 10, "missed"), ended("3", 20, "short_abandon"),
        ended("4", 30, "voicemail"), snapshot("5", started_at=at(40)),
        ended("6", 50, "busy", direction="outbound", from_number=LINE, to_number="+380509999999"),
        ended("7", -86_400, "missed"),
    )  # fmt: skip
    _, page = await get_text(site, "/calls")
    assert listed(page) == ["6", "5", "4", "3", "2", "1"]
    assert totals(page) == {
        "count": "6", "answered": "1", "missed": "1", "short_abandon": "1", "voicemail": "1", "outbound": "1",
        "talk": "0:53",
    }  # fmt: skip
    _, page = await get_text(site, "/calls", period="yesterday")
    assert listed(page) == ["7"]
    _, page = await get_text(site, "/calls", period="week", result="missed")
    assert (listed(page), totals(page)["count"]) == (["2", "7"], "2")
    _, page = await get_text(site, "/calls", **{"from": "2026-01-04", "to": "2026-01-04"})
    assert listed(page) == ["7"]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("rang_out", "nobody picked up"), ("busy", "all phones were busy"),
        ("declined", "declined on every phone"), ("unreachable", "no phone could be reached"),
        ("before_ringing", "in the greeting or menu"),
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_a_miss_says_its_cause_in_words(hub: Hub, site: Client, reason: str, words: str) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        access = AccessApi(uow, hub.installation.deps)
        shop = await access.shop(FIRST_SHOP)
        english = ShopEntry(
            name=shop.name, country="UA", timezone=shop.timezone, currency="UAH", language="en"
        )  # fmt: skip
        await access.shops.change(FIRST_SHOP, english)
    await tell_calls(hub, ended("1", 0, "missed", missed_reason=reason))
    for path in ("/calls", "/calls/1"):
        assert words in (await get_text(site, path))[1]


async def test_a_row_says_who_it_was_with_cars_line_and_note(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина Коваль", "0501234567")
    await make_car(hub, plate="АА1234ВВ", model="Octavia", client_id=client.id)
    await tell_calls(hub, ended("1", 0, "answered"))
    async with calls_of(hub) as calls:
        await calls.save_line(LINE, "Головна лінія", "сайт", FIRST_SHOP)
        await calls.add_note("1", "скрип спереду", author_name="Оксана")
    for path in ("/calls", "/calls/1"):
        _, page = await get_text(site, path)
        for words in ("Ірина Коваль", "Octavia АА1234ВВ", "Головна лінія", "скрип спереду"):
            assert words in page, (path, words)


async def test_a_shared_number_is_shown_as_a_question_and_answered_by_a_person(
    hub: Hub, site: Client
) -> None:
    wife = await make_client(hub, "Олена", "0501234567")
    await make_client(hub, "Петро", "0501234567")
    await tell_calls(hub, ended("1", 0, "answered"))
    _, page = await get_text(site, "/calls/1")
    assert f'value="{wife.id}"' in page
    status, _, _ = await send_form(site, "/calls/1/client", {"client_id": wife.id})
    assert status == 303
    assert (await call_of(hub, "1")).client_id == wife.id
    await send_form(site, "/calls/1/client", {"client_id": ""})
    assert (await call_of(hub, "1")).client_id is None


async def test_a_gap_stands_between_the_calls(hub: Hub, site: Client) -> None:
    await tell_calls(hub, ended("1", 0, "missed"), ended("2", 100, "missed"))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        gaps = GapService(uow, hub.installation.clock)
        await gaps.lost("ami", at(40), XSS)
        await gaps.restored("ami", at(80), at(40))
    _, page = await get_text(site, "/calls")
    first, gap, second = (page.index(mark) for mark in ('data-call="2"', "calls-gap", 'data-call="1"'))
    assert first < gap < second
    _, narrow = await get_text(site, "/calls?result=missed")
    assert "calls-gap" not in narrow


async def test_pages_go_on_and_the_gap_stands_on_one_of_them(hub: Hub, site: Client) -> None:
    await tell_calls(hub, *(ended(f"{n}", n, "missed") for n in range(60)))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await GapService(uow, hub.installation.clock).restored("ami", at(5.5), at(4.5))
    seen: list[str] = []
    path, gaps = "/calls", 0
    while path:
        _, page = await get_text(site, path)
        seen += listed(page)
        gaps += page.count('calls-gap"')
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == [f"{n}" for n in range(59, -1, -1)]
    assert gaps == 1


async def test_a_call_shows_its_people_moves_and_legs(hub: Hub, site: Client) -> None:
    await tell_calls(
        hub, ended(
            "b1:1.1", 0, "answered", queue="front", is_complete=False,
            parties=(party("101", answered_at=at(7), outcome="answered"), party("102", outcome="declined")),
            transfers=(Transfer(at=at(30), kind="park", from_extension="101", to="701"),),
        ),
    )  # fmt: skip
    status, page = await get_text(site, "/calls/b1:1.1")
    assert status == 200
    for words in ("front", "101", "102", "701", "<rect", "alert-warning"):
        assert words in page, words
    assert "style=" not in page


async def test_a_phone_without_a_name_stands_there_by_its_number_alone(hub: Hub, site: Client) -> None:
    await tell_calls(hub, ended("1", 0, "missed", parties=(party("177", outcome="no_answer"),)))
    _, page = await get_text(site, "/calls/1")
    people = page.partition("calls-parties")[2].partition("<td>")[2].partition("</td>")[0]
    assert re.sub(r"<svg.*?</svg>|<[^>]+>", "", people, flags=re.DOTALL).split() == ["177"]


async def test_a_merged_calls_address_leads_to_the_survivor(hub: Hub, site: Client) -> None:
    await tell_calls(hub, ended("1", 0, "missed"), ended("2", 1, "missed"))
    await tell(hub, merged(2, "2", "1"))
    async with site.get("/calls/2", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/calls/1")


async def test_a_note_is_written_on_the_calls_page(hub: Hub, site: Client) -> None:
    await tell_calls(hub, ended("1", 0, "missed"))
    status, where, _ = await send_form(site, "/calls/1/notes", {"text": XSS})
    assert (status, where) == (303, "/calls/1#notes")
    _, page = await get_text(site, "/calls/1")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert (await send_form(site, "/calls/1/notes", {"text": " "}))[0] == 422


async def test_whatever_the_network_says_is_shown_escaped(hub: Hub, site: Client) -> None:
    said = {"caller_name": XSS, "from_number": XSS, "to_number": XSS, "dialled": XSS, "queue": XSS}
    call_id = "b1:<b>1</b>/'\""
    await tell_calls(
        hub, ended("1", 0, "missed", parties=(party(XSS, name=XSS),), **said),
        snapshot(call_id, state="queued", parties=(party("101", name=XSS),), **said),
        snapshot("3", state="parked", parked_at_space=XSS, **said),
    )  # fmt: skip
    for path in (
        "/calls",
        "/calls/1",
        "/calls/live",
        "/settings/lines",
        "/calls/b1:%3Cb%3E1%3C%2Fb%3E%2F'%22",
    ):
        status, page = await get_text(site, path)
        assert status == 200, path
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>1</b>" not in page
    names = ("period", "direction", "result", "person", "line", "queue", "number", "client_id", "complete")
    _, page = await get_text(site, "/calls", **dict.fromkeys(names, XSS))
    assert "<script>alert" not in page
    assert "<img src=x" not in page


async def test_a_day_that_is_none_is_422(site: Client) -> None:
    assert (await get_text(site, "/calls", **{"from": "soon"}))[0] == 422
    assert (await get_text(site, "/calls", cursor="nonsense"))[0] == 422


async def test_the_board_shows_who_rings_waits_talks_and_is_parked(hub: Hub, site: Client) -> None:
    talking = {"state": "talking", "answered_at": at(9), "parties": (party("105", outcome="answered"),)}
    await tell_calls(
        hub, snapshot("r"), snapshot("q2", state="queued", queue="front", queued_at=at(9)),
        snapshot("q1", state="queued", queue="front", queued_at=at(3)), snapshot("t", **talking),
        snapshot("h", **{**talking, "state": "on_hold"}), ended("e", 0, "missed"),
        snapshot("p", state="parked", parked_at_space="701"),
    )  # fmt: skip
    _, page = await get_text(site, "/calls/live")
    assert [listed(part) for part in page.split('aria-labelledby="column-')[1:]] == [
        ["r"], ["q1", "q2"], ["h", "t"], ["p"],
    ]  # fmt: skip
    assert f'data-since="{at(3).isoformat()}"' in page
    _, part = await get_text(site, "/calls/live?part=board")
    assert "<html" not in part
    assert listed(part) == listed(page)


async def test_a_number_that_was_dialled_gets_its_name(hub: Hub, site: Client) -> None:
    await tell_calls(hub, ended("1", 0, "missed"))
    _, page = await get_text(site, "/settings/lines")
    assert "/settings/lines/new?number=%2B" in page
    _, page = await get_text(site, f"/settings/lines/new?number={LINE.replace('+', '%2B')}")
    assert f'value="{LINE}"' in page
    line = {"number": LINE, "name": "Головна", "source": "сайт", "capacity": "4", "trunk": "trunk-*"}
    assert (await send_form(site, "/settings/lines/new", line))[0] == 303
    _, page = await get_text(site, "/settings/lines")
    assert "Головна" in page
    assert "/settings/lines/new?number=%2B" not in page
    assert "trunk-*" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "", "name": "x"},
        {"number": "1", "name": ""},
        {"number": "1", "name": "x", "shop_id": "no"},
        {"number": "1", "name": "x", "capacity": "many"},
        {"number": "1", "name": "x", "capacity": "0"},
        {"number": "1", "name": "x", "callback_number": "tomorrow"},
        {"number": "1", "name": "x" * 65},
        {"number": LINE, "name": "Ще"},
    ],
)
async def test_a_wrong_line_is_told_and_what_was_typed_stays(
    hub: Hub, site: Client, wrong: dict[str, str]
) -> None:
    assert (await send_form(site, "/settings/lines/new", {"number": LINE, "name": "Перша"}))[0] == 303
    status, _, page = await send_form(site, "/settings/lines/new", {"source": "Kept", **wrong})
    assert status == 422
    assert 'value="Kept"' in page
    assert 'class="invalid-feedback"' in page or 'class="alert alert-danger"' in page


async def test_a_line_is_changed_in_the_revision_that_was_seen_and_taken_away(hub: Hub, site: Client) -> None:
    await send_form(site, "/settings/lines/new", {"number": LINE, "name": "Перша"})
    _, page = await get_text(site, "/settings/lines")
    place = re.findall(r"/settings/lines/[0-9a-z]{26}", page)[0]
    assert (await send_form(site, place, {"number": LINE, "name": "Друга", "rev": "1"}))[0] == 303
    assert (await send_form(site, place, {"number": LINE, "name": "Пізно", "rev": "1"}))[0] == 422
    assert (await send_form(site, f"{place}/remove", {}))[0] == 303
    assert (await get_text(site, place))[0] == 404


async def test_who_may_open_which_page(hub: Hub) -> None:
    await tell_calls(hub, ended("1", 0, "missed"))
    for role, statuses in (("receptionist", [200, 200, 200, 403]), ("mechanic", [403, 403, 403, 403])):
        client = await site_of(hub, role)
        paths = ("/calls", "/calls/1", "/calls/live", "/settings/lines")
        assert [(await get_text(client, path))[0] for path in paths] == statuses
        await client.close()


async def test_another_shops_calls_are_not_there_below_the_owner(hub: Hub, site: Client) -> None:
    await tell(hub, fact(1, ended("1", 0, "missed")), fact(1, snapshot("2")), shop_id=ShopId("other"))
    receptionist = await site_of(hub, "receptionist")
    assert (await get_text(receptionist, "/calls/1"))[0] == 404
    for path in ("/calls?period=all", "/calls/live"):
        assert listed((await get_text(receptionist, path))[1]) == []
        assert listed((await get_text(site, path))[1]) != []
    await receptionist.close()


async def test_the_time_line_names_a_number_as_people_write_it_and_a_phone_by_its_name(
    hub: Hub, site: Client
) -> None:
    ours, theirs = (
        Leg(
            uniqueid=f"1.{n}", channel=f"PJSIP/{label}", role=role, label=label, started_at=at(0),
            answered_at=None, ended_at=at(5),
        )
        for n, (label, role) in enumerate((("101", "phone"), ("+380501234567", "caller")))
    )  # fmt: skip
    await tell(hub, fact(1, ended("1", 0, "missed", ended_at=at(60), legs=(ours, theirs))))
    _, page = await get_text(site, "/calls/1")
    named = re.findall(r'<div class="calls-leg-name"[^>]*>([^<]*)<', page)
    assert named == ["101", "+380 50 123 4567"]


async def test_a_long_calls_time_line_stays_in_its_frame(hub: Hub, site: Client) -> None:
    legs = tuple(
        Leg(
            uniqueid=f"1.{n}", channel=f"PJSIP/{n}", role="phone", label=f"{n}", started_at=at(n * 10 - 20),
            answered_at=at(n * 10), ended_at=None if n % 2 else at(n * 10 + 5),
        )
        for n in range(8)
    )  # fmt: skip
    await tell(hub, fact(1, ended("1", 0, "answered", ended_at=at(60), legs=legs)))
    _, page = await get_text(site, "/calls/1")
    for x, width in re.findall(r'<rect class="[^"]+" x="([\d.]+)" y="\d+" width="([\d.]+)"', page):
        assert 0 <= float(x) <= 1000
        assert float(x) + float(width) <= 1000 + 3
