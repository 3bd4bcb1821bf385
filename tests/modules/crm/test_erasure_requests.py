"""Somebody asks to be forgotten: whoever talks with them writes it down, whoever may erase answers within the
month that the law gives."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientWebSocketResponse
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.backup.tombstones import Burial
from hub.kernel.clients import NUMBER_STONE, number_mark
from hub.modules.crm.rules_erasure import due_after
from hub.modules.crm.service_erasure import TOMBSTONES
from tests.factories.calls import calls_of, ended
from tests.factories.crm import crm_of, make_client
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.factories.tasks import happen
from tests.modules.crm.test_erasure import traces
from tests.patience import within

IRYNA, STRANGER = "+380501234567", "+380671112299"
KYIV = ZoneInfo("Europe/Kyiv")
LIST = "/clients/erasures"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


@pytest.fixture
async def desk(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub, "receptionist")
    yield client
    await client.close()


def pass_days(hub: Hub, days: int) -> None:
    clock = hub.installation.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(days * 86400)


async def asked(hub: Hub, **whose: Any) -> str:
    async with crm_of(hub) as crm:
        return (await crm.asked.ask(**whose)).id


@pytest.mark.parametrize(
    ("day", "due"),
    [((2026, 1, 31), (2026, 2, 28)), ((2026, 12, 5), (2027, 1, 5)), ((2028, 1, 30), (2028, 2, 29))],
)
def test_the_answer_is_due_on_the_same_day_of_the_next_month(
    day: tuple[int, int, int], due: tuple[int, int, int]
) -> None:
    found = due_after(datetime(*day, 23, 30, tzinfo=KYIV), KYIV)
    assert (found.year, found.month, found.day, found.hour) == (*due, 23)


@given(st.integers(min_value=0, max_value=40 * 366 * 24))
def test_nobody_waits_longer_than_a_month_or_less_than_its_days(hours: int) -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    assert 28 <= (due_after(at, KYIV).date() - at.astimezone(KYIV).date()).days <= 31


async def test_the_desk_writes_it_down_and_the_owner_sees_until_when(
    hub: Hub, desk: Client, site: Client
) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    assert "/clients/erasures/ask?client_id=" in (await get_text(desk, f"/clients/{client.id}"))[1]
    form = {"client_id": client.id, "words": "по телефону"}
    assert (await send_form(desk, f"{LIST}/ask", form))[0] == 303
    assert "Відповісти до" in (await get_text(desk, f"/clients/{client.id}"))[1]
    assert (await get_text(desk, LIST))[0] == 403
    page = (await get_text(site, LIST))[1]
    assert "Ірина" in page
    assert "по телефону" in page
    assert "Просять забути: 1" in (await get_text(site, "/clients"))[1]


async def test_asked_twice_it_is_one_request_with_its_first_deadline(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    first = await asked(hub, client_id=client.id)
    pass_days(hub, 10)
    assert await asked(hub, number="050 123 45 67", words="знову") == first
    async with crm_of(hub) as crm:
        assert [one.words for one in await crm.asked.all("open", None)] == [""]


async def test_a_late_answer_is_said_to_be_late(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    await asked(hub, client_id=client.id)
    assert "text-danger" not in (await get_text(site, LIST))[1]
    pass_days(hub, 26)
    assert "text-danger" in (await get_text(site, LIST))[1]
    pass_days(hub, 7)
    assert "Строк відповіді минув" in (await get_text(site, LIST))[1]


async def badge_of(browser: Client) -> dict[str, Any]:
    """What stands at the menu's entry of the clients."""
    found: dict[str, Any] = (await get_json(browser, "/live/badges"))[1]["badges"]["/clients"]
    return found


async def test_every_page_of_whoever_decides_counts_the_requests_and_the_days_that_are_left(
    hub: Hub, desk: Client, site: Client
) -> None:
    assert (await badge_of(site))["count"] == 0
    late = await make_client(hub, "Ірина", IRYNA)
    one = await asked(hub, client_id=late.id)
    pass_days(hub, 20)
    await asked(hub, number=STRANGER)
    shown = await badge_of(site)
    assert (shown["count"], shown["level"]) == (2, "warning")
    assert shown["text"] == "Просять забути: 2; днів на відповідь: 11"
    pass_days(hub, 5)
    assert (await badge_of(site))["level"] == "problem"
    pass_days(hub, 7)
    shown = await badge_of(site)
    assert (shown["text"], shown["level"]) == ("Просять забути: 2; відповідь прострочено", "problem")
    assert (await badge_of(desk))["count"] == 0  # whoever may not answer is not told of it
    async with crm_of(hub) as crm:
        await crm.asked.refuse(one, "рахунок", None)
    assert ((await badge_of(site))["count"], (await badge_of(site))["level"]) == (1, "warning")


async def test_whoever_decides_is_told_at_once_that_somebody_asked_and_that_it_was_answered(
    hub: Hub, desk: Client, site: Client
) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    async with site.ws_connect("/live") as owner, desk.ws_connect("/live") as receptionist:
        await send_form(desk, f"{LIST}/ask", {"client_id": client.id, "words": ""})
        (*_, first) = await told(owner, "erasure_request")
        assert (await badge_of(site))["count"] == 1
        await send_form(site, f"{LIST}/{first['id']}/refuse", {"answer": "рахунок"})
        assert (await told(owner, "erasure_request"))[-1] == {**first, "rev": 2}
        one = await asked(hub, client_id=client.id)
        assert (await told(owner, "erasure_request"))[-1]["id"] == one
        async with crm_of(hub) as crm:
            await crm.asked.fulfil(one, "лист", None, None)
        assert (await told(owner, "erasure_request"))[-1] == {**first, "id": one, "rev": 2}
        await make_client(hub, "Петро", STRANGER)
        topics = [one.get("topic") for one in await told(receptionist, "client")]
        assert "erasure_request" not in topics


async def told(socket: ClientWebSocketResponse, topic: str) -> list[dict[str, Any]]:
    """What a watcher is told, up to the next hint of the topic."""
    heard: list[dict[str, Any]] = []
    async with asyncio.timeout(within(5)):
        while not heard or heard[-1].get("topic") != topic:
            heard.append(await socket.receive_json())
    return heard


async def test_a_refusal_needs_its_reason_and_is_the_end(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    one = await asked(hub, client_id=client.id, words="листом")
    assert (await send_form(site, f"{LIST}/{one}/refuse", {"answer": " "}))[0] == 422
    assert (await send_form(site, f"{LIST}/{one}/refuse", {"answer": "рахунок"}))[0] == 303
    page = (await get_text(site, LIST))[1]
    assert "рахунок" in page
    assert "Треба відповісти" not in page
    async with crm_of(hub) as crm:
        assert (await crm.client(client.id)).name == "Ірина"
        with pytest.raises(Conflict):
            await crm.asked.refuse(one, "знову", None)
        with pytest.raises(Conflict):
            await crm.asked.fulfil(one, "лист", None, None)


async def test_what_is_fulfilled_leaves_neither_words_nor_number(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    one = await asked(hub, client_id=client.id, words="таємниця")
    async with crm_of(hub) as crm:
        await crm.asked.fulfil(one, "за листом", None, "person:second")
        done = await crm.asked.one(one, None)
        assert (done.state, done.words, done.answer) == ("done", "", "")
        with pytest.raises(NotFound):
            await crm.client(client.id)
    assert await hub.database.read(traces) == []


async def test_an_erasure_by_the_clients_page_answers_the_request_too(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    one = await asked(hub, client_id=client.id, words="таємниця")
    async with crm_of(hub) as crm:
        await crm.erasing.erase(client.id, "за листом", None)
        assert (await crm.asked.one(one, None)).state == "done"


async def test_a_caller_who_is_no_client_is_erased_by_the_number(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed", from_number=IRYNA))
    await happen(hub, ended("2", 5, "missed", from_number=STRANGER))
    one = await asked(hub, number=IRYNA, words="таємниця")
    pass_days(hub, 1)
    async with crm_of(hub) as crm:
        done = await crm.asked.fulfil(one, "по телефону", None, None)
    assert done.client_id is None
    assert await hub.database.read(traces) == []
    async with calls_of(hub) as calls:
        assert ((await calls.call("1")).from_number, (await calls.call("2")).from_number) == (None, STRANGER)


async def test_of_a_number_that_several_have_the_client_is_chosen_first(hub: Hub) -> None:
    await make_client(hub, "Ірина", IRYNA)
    await make_client(hub, "Петро", IRYNA)
    with pytest.raises(Conflict) as several:
        await asked(hub, number=IRYNA)
    assert several.value.code == "crm.several_have_number"


@pytest.mark.parametrize(
    "whose",
    [{"number": "101"}, {"number": ""}, {"number": "\x00"}, {}, {"number": IRYNA, "words": "x" * 301}],
)
@pytest.mark.one_on_postgres
async def test_what_is_no_number_or_too_long_is_refused(hub: Hub, whose: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        await asked(hub, **whose)


async def test_a_restored_backup_forgets_the_number_of_a_request_again(hub: Hub) -> None:
    one = await asked(hub, number=IRYNA, words="таємниця")
    now = hub.installation.clock.now()
    marks = {NUMBER_STONE: frozenset({number_mark(IRYNA, now)})}
    await hub.database.write(lambda c: TOMBSTONES.bury(c, Burial(marks=marks, at=now, is_whole=True)))
    async with crm_of(hub) as crm:
        assert (await crm.asked.one(one, None)).state == "done"
    assert await hub.database.read(traces) == []


async def test_another_shops_request_is_not_there(hub: Hub) -> None:
    one = await asked(hub, number=IRYNA)
    async with crm_of(hub) as crm:
        assert await crm.asked.all("open", frozenset()) == []
        with pytest.raises(NotFound):
            await crm.asked.refuse(one, "ні", frozenset())
        with pytest.raises(NotFound):
            await crm.asked.fulfil(one, "так", frozenset(), None)


async def test_the_page_of_a_number_says_what_goes_and_wants_a_second_person(hub: Hub, site: Client) -> None:
    one = await asked(hub, number=IRYNA)
    status, page = await get_text(site, f"{LIST}/{one}/erase")
    assert status == 200
    assert "0501234567" in re.sub(r"\D", "", page)
    assert (await send_form(site, f"{LIST}/{one}/erase", {"reason": "лист"}))[0] in (403, 409, 422)
    async with crm_of(hub) as crm:
        assert (await crm.asked.one(one, None)).state == "open"


async def test_a_program_asks_lists_refuses_and_needs_a_second_person_to_erase(
    hub: Hub, site: Client
) -> None:
    await make_client(hub, "Ірина", IRYNA)
    path = "/api/v1/erasure-requests"
    status, made = await send_json(site, "POST", path, {"number": STRANGER, "words": "листом"})
    assert (status, made["state"], made["number"]) == (201, "open", STRANGER)
    assert made["due_at"] > made["asked_at"]
    assert [one["id"] for one in (await get_json(site, path))[1]["items"]] == [made["id"]]
    status, answer = await send_json(site, "POST", f"{path}/{made['id']}/erase", {"reason": "лист"})
    assert (status, answer["error"]["code"]) == (403, "second.needed")
    status, done = await send_json(site, "POST", f"{path}/{made['id']}/refuse", {"answer": "не він"})
    assert (status, done["state"], done["answer"]) == (200, "refused", "не він")
