"""The keys of the caller's card: what an answer costs before it is sent, and what a shop has to have said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from hub.clock import FrozenClock
from hub.modules.access.api import hash_password
from hub.modules.calls.api import CallsApi
from hub.modules.messaging.api import TemplateEntry, TemplateView
from hub.modules.messaging.prepared import cause_of
from hub.ports.messaging import Refused
from hub.settings import MessagingSettings, Settings
from tests.factories.calls import fact, snapshot, tell
from tests.factories.crm import make_client
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.modules.messaging.wire import IRYNA, OLEH, SMS, TELEGRAM, House, Wire, house_of, wrote
from tests.webui.stage import PASSWORD, open_shop

SHOP = {
    "name": "Pitline", "country": "UA", "timezone": "Europe/Kyiv", "currency": "UAH", "language": "uk",
}  # fmt: skip
ACCOUNT = "ФОП Коваль О. П.\nUA21 3223 1300 0002 6007 2335 6600 1\nІПН 3184710691"
ANSWER = re.compile(r'<button class="btn btn-sm"[^>]*data-key="answer-(\d)"[^>]*>(.*?)</button>', re.DOTALL)


@pytest.fixture
async def house(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, wire: Wire
) -> AsyncIterator[House]:
    files = str(tmp_path / "attachments")
    messaging = MessagingSettings(files=files, poll=0.05, sms_part_price=0.8)
    async with house_of(replace(settings, messaging=messaging), frozen_clock, tmp_path, wire) as made:
        yield made


@pytest.fixture
async def site(house: House) -> AsyncIterator[Client]:
    client = await site_of(house.hub)
    yield client
    await client.close()


async def keep(house: House, text: str, place: int = 1, **more: bool) -> TemplateView:
    async with house.api() as api:
        return await api.templates.save(
            TemplateEntry(title=f"Answer {place}", text=text, place=place, **more)
        )


async def keys(house: House) -> dict[str, str]:
    """What stands on the keys of the card of Iryna, who rings at 101."""
    await tell(house.hub, fact(1, snapshot("b1:1.1", from_number=IRYNA)))
    async with open_shop(house.hub, house.clock, await hash_password(PASSWORD)) as shop:
        await shop.person("receptionist", extensions=["101"])
        _, text = await get_text(await shop.sign_in("receptionist"), "/desk")
    shown = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
    return {
        key: " ".join(unescape(re.sub(r"<[^>]+>", " ", said)).split()) for key, said in ANSWER.findall(shown)
    }


async def test_a_key_says_the_parts_and_the_price_of_the_sms_that_it_sends(house: House) -> None:
    await keep(house, "Here we are", 1)
    await keep(house, "Ми на Подолі. " + "х" * 60, 2)
    assert await keys(house) == {"1": "1 Answer 1 1 SMS · 0.80 UAH", "2": "2 Answer 2 2 SMS · 1.60 UAH"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ready", "лишилось 155, частин: 1, 0.80 UAH"),
        ("х" * 71, "лишилось 63, частин: 2, 1.60 UAH"),
        ("Так", "лишилось 67, частин: 1, 0.80 UAH"),
        ("Ready – now", "лишилось 59, частин: 1, 0.80 UAH"),
        ("x" * 100 + "–", "лишилось 33, частин: 2, 1.60 UAH. Без – було б дешевше."),
    ],
)
async def test_an_answer_says_its_parts_and_price_while_it_is_written_and_what_makes_it_dear(
    site: Client, text: str, said: str
) -> None:
    _, found = await get_json(site, "/inbox/count", text=text)
    assert found["text"] == said


async def test_the_pin_of_the_shop_and_the_link_of_an_agreement_are_counted_too(
    house: House, site: Client
) -> None:
    await send_form(site, "/settings/shops/main", {**SHOP, "map": "50.5, 30.25"})
    await keep(house, "x" * 150, 1, has_pin=True)
    await keep(house, "x" * 150 + "{agree}", 2)
    assert await keys(house) == {"1": "1 Answer 1 2 SMS · 1.60 UAH", "2": "2 Answer 2 2 SMS · 1.60 UAH"}


async def test_what_costs_nothing_bears_no_price(house: House) -> None:
    await make_client(house.hub, "Iryna", IRYNA)
    await house.tell(wrote("Hello", channel="telegram", address="77", phone=IRYNA))
    await keep(house, "Here we are")
    assert await keys(house) == {"1": "1 Answer 1"}


async def test_viber_with_an_sms_behind_it_says_what_it_costs_at_most(house: House, wire: Wire) -> None:
    wire.carried = {"viber": replace(SMS, name="viber", falls_to="sms"), "telegram": TELEGRAM}
    await make_client(house.hub, "Iryna", IRYNA)
    await keep(house, "Here we are")
    assert await keys(house) == {"1": "1 Answer 1 щонайбільше 1 SMS · 0.80 UAH"}


async def test_requisites_are_refused_until_the_shop_has_said_them_and_then_leave_as_they_stand(
    house: House, site: Client, wire: Wire
) -> None:
    answer = await keep(house, "До сплати:\n{requisites}")
    assert await keys(house) == {"1": "1 Answer 1 Ще порожньо: requisites"}
    status, _, text = await send_form(site, f"/calls/b1:1.1/answers/{answer.id}", {})
    assert (status, "Порожньо: requisites" in text) == (422, True)
    assert "{requisites}, а в цій майстерні" in (await get_text(site, "/settings/messages"))[1]

    typed = ACCOUNT.replace("\n", "\r\n\r\n ")
    assert (await send_form(site, "/settings/shops/main", {**SHOP, "requisites": typed}))[0] == 303
    assert "а в цій майстерні" not in (await get_text(site, "/settings/messages"))[1]
    assert (await send_form(site, f"/calls/b1:1.1/answers/{answer.id}", {}))[0] == 303
    await house.sent()
    assert [one.text for one in wire.ledger] == [f"До сплати:\n{ACCOUNT}"]


async def test_an_answer_that_failed_is_no_sent_one_and_its_key_tries_once_more(
    house: House, site: Client, wire: Wire
) -> None:
    answer = await keep(house, "Here we are")
    await tell(house.hub, fact(1, snapshot("b1:1.1", from_number=IRYNA)))
    wire.faults = [Refused("The account is empty.")]
    for _ in range(2):
        assert (await send_form(site, f"/calls/b1:1.1/answers/{answer.id}", {}))[0] == 303
        await house.sent()
        house.clock.advance(5)
    assert [one.text for one in wire.ledger] == ["Here we are"]
    assert [one.state for one in await house.messages()] == ["failed", "sent"]
    assert await keys(house) == {"1": "Answer 1"}


async def failed(house: House, site: Client, wire: Wire, answer: TemplateView, fault: Refused) -> str:
    """Iryna rings, and the key of this answer is pressed in vain; where it is pressed."""
    await tell(house.hub, fact(1, snapshot("b1:1.1", from_number=IRYNA)))
    wire.faults = [fault]
    path = f"/calls/b1:1.1/answers/{answer.id}"
    assert (await send_form(site, path, {}))[0] == 303
    await house.sent()
    assert [one.state for one in await house.messages()] == ["failed"]
    return path


async def test_a_key_that_failed_writes_to_whom_the_call_is_with_now(
    house: House, site: Client, wire: Wire
) -> None:
    await make_client(house.hub, "Iryna", IRYNA)
    oleh = await make_client(house.hub, "Oleh", OLEH)
    path = await failed(house, site, wire, await keep(house, "For you, {name}"), Refused("Refused."))
    async with house.uow() as uow:
        await CallsApi(uow, house.hub.installation.deps).set_client("b1:1.1", oleh.id)
    assert (await send_form(site, path, {}))[0] == 303
    await house.sent()
    assert [(one.address, one.text) for one in wire.ledger] == [(OLEH, "For you, Oleh")]
    assert [(one.address, one.text) for one in await house.messages()] == [
        (IRYNA, "For you, Iryna"), (OLEH, "For you, Oleh"),
    ]  # fmt: skip


async def test_where_telegram_takes_nothing_any_more_the_key_sends_the_sms_whose_price_it_bears(
    house: House, site: Client, wire: Wire
) -> None:
    await make_client(house.hub, "Iryna", IRYNA)
    await house.tell(wrote("Hello", channel="telegram", address="77", phone=IRYNA), times=1)
    answer = await keep(house, "Here we are")
    await tell(house.hub, fact(1, snapshot("b1:1.1", from_number=IRYNA)))
    wire.faults = [Refused("The bot was blocked.", is_blocked=True)]
    path = f"/calls/b1:1.1/answers/{answer.id}"
    assert (await send_form(site, path, {}))[0] == 303
    await house.sent()
    assert await keys(house) == {"1": "1 Answer 1 1 SMS · 0.80 UAH"}
    assert (await send_form(site, path, {}))[0] == 303
    await house.sent()
    assert [(one.channel, one.address) for one in wire.ledger] == [("sms", IRYNA)]


async def test_a_time_is_promised_from_when_the_key_is_pressed_again(
    house: House, site: Client, wire: Wire
) -> None:
    path = await failed(house, site, wire, await keep(house, "We ring at {time}"), Refused("Refused."))
    house.clock.advance(3600)
    assert (await send_form(site, path, {}))[0] == 303
    await house.sent()
    before, after = [one.text for one in await house.messages()]
    assert [one.text for one in wire.ledger] == [after]
    hours = [int(re.search(r" (\d+):", text)[1]) for text in (before, after)]
    assert hours[1] == hours[0] + 1


async def test_a_key_that_failed_and_is_pressed_many_times_sends_one_message(
    house: House, site: Client, wire: Wire
) -> None:
    path = await failed(house, site, wire, await keep(house, "Here we are"), Refused("Refused."))
    pressed = await asyncio.gather(*(send_form(site, path, {}) for _ in range(4)))
    assert [status for status, _, _ in pressed] == [303] * 4
    await house.sent()
    assert (await send_form(site, path, {}))[0] == 303
    await house.sent()
    assert [one.text for one in wire.ledger] == ["Here we are"]
    assert [one.state for one in await house.messages()] == ["failed", "sent"]


async def test_a_key_fails_time_after_time_and_each_time_once_more_is_tried(
    house: House, site: Client, wire: Wire
) -> None:
    path = await failed(house, site, wire, await keep(house, "Here we are"), Refused("Refused."))
    wire.faults = [Refused("Refused.")]
    for _ in range(2):
        assert (await send_form(site, path, {}))[0] == 303
        await house.sent()
    assert [one.state for one in await house.messages()] == ["failed", "failed", "sent"]


async def test_a_failed_answer_that_was_tried_again_in_its_thread_is_not_sent_by_the_key_too(
    house: House, site: Client, wire: Wire
) -> None:
    path = await failed(house, site, wire, await keep(house, "Here we are"), Refused("Refused."))
    [message] = await house.messages()
    async with house.api() as api:
        await api.threads.again(message.id, None)
    assert (await send_form(site, path, {}))[0] == 303
    await house.sent()
    assert [one.state for one in await house.messages()] == ["sent"]


@pytest.mark.parametrize("broken", [0, 1, 2])
async def test_of_a_long_answer_only_the_piece_that_failed_goes_out_again(
    house: House, site: Client, wire: Wire, broken: int
) -> None:
    wire.carried = {"sms": replace(SMS, longest=10)}
    answer = await keep(house, "aaaa bbbb cccc dddd eeee ffff")
    await tell(house.hub, fact(1, snapshot("b1:1.1", from_number=IRYNA)))
    pieces, path = ["aaaa bbbb", "cccc dddd", "eeee ffff"], f"/calls/b1:1.1/answers/{answer.id}"
    assert (await send_form(site, path, {}))[0] == 303
    for place in range(3):
        wire.faults = [Refused("Refused.")] if place == broken else []
        await house.sent()
    assert [one.text for one in wire.ledger] == [one for one in pieces if one != pieces[broken]]
    async with house.api() as api:
        assert not await api.reading.causes([cause_of(answer.id, "b1:1.1")], failed=False)
    for place in range(3):
        wire.faults = [Refused("Refused.")] if place == 0 else []
        assert (await send_form(site, path, {}))[0] == 303
        await house.sent()
    assert sorted(one.text for one in wire.ledger) == sorted(pieces)
    assert await keys(house) == {"1": "Answer 1"}


async def test_a_long_answer_of_which_a_piece_failed_goes_whole_to_whom_the_call_is_with_now(
    house: House, site: Client, wire: Wire
) -> None:
    wire.carried = {"sms": replace(SMS, longest=10)}
    await make_client(house.hub, "Iryna", IRYNA)
    oleh = await make_client(house.hub, "Oleh", OLEH)
    answer = await keep(house, "aaaa bbbb cccc dddd")
    await tell(house.hub, fact(1, snapshot("b1:1.1", from_number=IRYNA)))
    path = f"/calls/b1:1.1/answers/{answer.id}"
    assert (await send_form(site, path, {}))[0] == 303
    await house.sent()
    wire.faults = [Refused("Refused.")]
    await house.sent()
    async with house.uow() as uow:
        await CallsApi(uow, house.hub.installation.deps).set_client("b1:1.1", oleh.id)
    assert (await send_form(site, path, {}))[0] == 303
    for _ in range(2):
        await house.sent()
    assert [(one.address, one.text) for one in wire.ledger] == [
        (IRYNA, "aaaa bbbb"), (OLEH, "aaaa bbbb"), (OLEH, "cccc dddd"),
    ]  # fmt: skip


async def test_no_program_says_to_whom_clients_pay(house: House, site: Client, wire: Wire) -> None:
    await send_form(site, "/settings/shops/main", {**SHOP, "requisites": ACCOUNT})
    answer = await keep(house, "{requisites} {name}")
    body = {
        "channel": "sms", "address": IRYNA, "template": answer.id,
        "values": {"requisites": "UA00 another", "name": "Iryna"},
    }  # fmt: skip
    assert (await send_json(site, "POST", "/api/v1/messages", body))[0] == 202
    await house.sent()
    assert [one.text for one in wire.ledger] == [f"{ACCOUNT} Iryna"]


async def test_too_long_requisites_are_refused_and_stay_typed(site: Client) -> None:
    status, _, text = await send_form(site, "/settings/shops/main", {**SHOP, "requisites": "r" * 601})
    assert (status, "Не більше ніж 600 знаків" in text, "r" * 601 in text) == (422, True, True)
