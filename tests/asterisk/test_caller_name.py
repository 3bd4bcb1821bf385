"""The sample PBX asks Pitline: for the caller's name, shown on the desk phone and never more than shown; and
for whoever talked with the caller last, who is rung first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from tests.asterisk.conftest import ALWAYS_OPEN
from tests.asterisk.dialog import PhoneCall
from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.test_sample_pbx import CALLER, LINE

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

Answer = Callable[[web.Request], Awaitable[web.Response]]
Start = Callable[..., Awaitable[AsteriskPbx]]


@pytest.fixture
async def named_by_pitline(asterisk: str) -> AsyncIterator[Start]:
    """Starts a PBX whose /cid (or another path) is answered by a function."""
    runners: list[web.AppRunner] = []
    pbxs: list[AsteriskPbx] = []

    async def start(answer: Answer, path: str = "/cid", **globals_of_the_dialplan: str) -> AsteriskPbx:
        app = web.Application()
        app.router.add_get(path, answer)
        runner = web.AppRunner(app)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        settings = ALWAYS_OPEN | {
            "extensions.conf:PITLINE": address,
            "extensions.conf:PITLINE_TOKEN": "a-token-for-the-pbx",
            **{f"extensions.conf:{name}": value for name, value in globals_of_the_dialplan.items()},
        }
        pbx = AsteriskPbx("sample", settings=settings)
        pbxs.append(pbx)
        await pbx.__aenter__()
        return pbx

    yield start
    for pbx in pbxs:
        await pbx.__aexit__(None, None, None)
    for runner in runners:
        await runner.cleanup()


async def _display(pbx: AsteriskPbx, number: str = CALLER, name: str = "") -> PhoneCall:
    """What Anna's phone shows when this number calls."""
    async with pbx.trunk() as world, pbx.phone("101") as anna:
        caller = await world.call(LINE, number=number, name=name)
        shown = await anna.ringing()
        await caller.bye()
        return shown


async def test_the_name_from_pitline_stands_on_the_desk_phone(
    named_by_pitline: Start,
) -> None:
    asked: list[tuple[str, str]] = []

    async def cid(request: web.Request) -> web.Response:
        asked.append((request.query["number"], request.headers["Authorization"]))
        return web.Response(text="ГОТОВА 17:00 Ковальчук Octavia\n")

    pbx = await named_by_pitline(cid)
    shown = await _display(pbx, number="+380501112233")
    assert shown.name == "ГОТОВА 17:00 Ковальчук Octavia"
    assert shown.number == "+380501112233"
    assert asked == [("+380501112233", "Bearer a-token-for-the-pbx")]
    assert pbx.complaints() == []


@pytest.mark.parametrize(
    "name",
    ['Anna "Speedy", 2 cars: (Octavia)', "${SHELL(touch /tmp/owned)}", "x)?Hangup():y", "a;b&c|d"],
)
async def test_a_hostile_name_is_only_shown(named_by_pitline: Start, name: str) -> None:
    async def cid(request: web.Request) -> web.Response:
        return web.Response(text=name)

    shown = await _display(await named_by_pitline(cid))
    assert shown.name == name


async def test_a_number_that_nobody_knows_keeps_the_name_that_came_with_it(
    named_by_pitline: Start,
) -> None:
    async def cid(request: web.Request) -> web.Response:
        return web.Response(text="\n")

    assert (await _display(await named_by_pitline(cid), name="Petro")).name == "Petro"


async def test_an_error_page_is_no_name(named_by_pitline: Start) -> None:
    async def cid(request: web.Request) -> web.Response:
        return web.Response(status=401, text='{"error": {"code": "token.wrong"}}')

    assert (await _display(await named_by_pitline(cid), name="Petro")).name == "Petro"


async def test_a_slow_pitline_holds_the_call_for_a_second_at_most(
    named_by_pitline: Start,
) -> None:
    async def cid(request: web.Request) -> web.Response:
        await asyncio.sleep(2.5)
        return web.Response(text="too late")

    pbx = await named_by_pitline(cid)
    async with pbx.trunk() as world, pbx.phone("101") as anna:
        caller = await world.call(LINE, number=CALLER)
        shown = await anna.ringing()
        await caller.bye()
    assert shown.name != "too late"
    assert shown.at["invited"] - caller.at["invited"] < 2


@pytest.mark.parametrize(
    ("answer", "rings_first"),
    [
        ('{"extension": "105", "person": "Тарас", "reason": "talked_last"}', "105"),
        ('{"extension": null, "person": "", "reason": "queue"}', "101"),
        ('{"extension": "199", "person": "gone", "reason": "talked_last"}', "101"),
        ('{"extension": "105&PJSIP/trunk/0900123456", "person": "", "reason": "talked_last"}', "101"),
        ("no JSON at all", "101"),
    ],
)
async def test_whoever_talked_with_a_caller_last_is_rung_before_the_queue(
    named_by_pitline: Start, answer: str, rings_first: str
) -> None:
    asked: list[str] = []

    async def route(request: web.Request) -> web.Response:
        asked.append(request.query["number"])
        return web.Response(text=answer, content_type="application/json")

    pbx = await named_by_pitline(route, "/api/v1/route", PERSONAL="yes")
    async with pbx.trunk() as world, pbx.phone("101") as anna, pbx.phone("105") as taras:
        caller = await world.call(LINE, number="+380501112233")
        first = await (taras if rings_first == "105" else anna).ringing()
        assert not (anna if rings_first == "105" else taras).calls
        first.answer()
        await caller.until("answered")
        await asyncio.sleep(0.5)
        await first.bye()
        await caller.until("ended")  # who has been helped does not land in the queue
    assert asked == ["+380501112233"]
