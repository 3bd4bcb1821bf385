"""One is the client: what one writes reaches the shop, and what it sends is seen on the phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.practice_twilio.connector import PracticeSms
from hub.clock import SystemClock
from hub.errors import Invalid, Unavailable
from hub.modules.messaging.api import MessageEntry, MessagingApi
from hub.ports.messaging import PracticePhone
from hub.settings import Settings
from tests.connectors.contract import stops_in_time
from tests.connectors.practice_site import practice_site
from tests.kernel.waiting import until
from tests.webui.stage import Shop

SAME = {"Sec-Fetch-Site": "same-origin"}
CLIENT = "+380671112233"


async def test_it_stops_in_time() -> None:
    made = PracticeSms("http://127.0.0.1:1", "http://127.0.0.1:1", SystemClock())
    await stops_in_time(made, lambda heard: bool(heard.states))


async def test_nobody_who_is_no_number_writes_and_nothing_goes_nowhere() -> None:
    made: PracticePhone = PracticeSms("http://127.0.0.1:1", "http://127.0.0.1:1", SystemClock())
    for number, text in (("anna", "x"), (CLIENT, "  "), (CLIENT, "x" * 1601)):
        with pytest.raises(Invalid):
            await made.write(number, text)
    with pytest.raises(Unavailable):
        await made.write(CLIENT, "x")


@pytest.fixture
async def shop(settings: Settings, tmp_path: Path) -> AsyncIterator[Shop]:
    async with practice_site(settings, tmp_path, ("practice_twilio", "twilio")) as made:
        yield made


@pytest.mark.slow
async def test_a_client_writes_and_sees_what_the_shop_sends(shop: Shop) -> None:
    async def is_up() -> bool:
        return shop.hub.supervisor.health()["twilio"].state == "ready"

    await until(is_up)
    owner = await shop.signed_in("owner")
    empty = await (await owner.get("/system/practice")).text()
    assert 'data-refresh="/system/practice?part=thread' in empty
    sent = await owner.post(
        "/system/practice", data={"number": "067 111 22 33", "text": "<b>Готово?</b>"}, headers=SAME,
        allow_redirects=False,
    )  # fmt: skip
    assert (sent.status, sent.headers["Location"]) == (303, "/system/practice?number=%2B380671112233")
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        entry = MessageEntry(text="Так, о 17:00", channel="sms", address=CLIENT)
        await MessagingApi(uow, installation.deps).queue_message(entry)
    thread = f"/system/practice?part=thread&number={CLIENT.replace('+', '%2B')}"

    async def both_are_there() -> bool:
        text = await (await owner.get(thread)).text()
        return "&lt;b&gt;Готово?&lt;/b&gt;" in text and "Так, о 17:00" in text

    await until(both_are_there)
    wrong = await owner.post("/system/practice", data={"number": "anna", "text": "x"}, headers=SAME)
    assert wrong.status == 422
    assert "practice-fault" in await wrong.text()
