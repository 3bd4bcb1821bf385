"""One is the client in a messenger of paper: writes, shares the number, presses; sees what the shop says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from connectors.practice_telegram.connector import PracticeBotLink
from hub.clock import SystemClock
from hub.errors import Invalid, Unavailable
from hub.modules.messaging.api import MessageEntry, MessageFilter, MessagingApi
from hub.ports.messaging import Button
from hub.ports.practice import PracticeMessenger
from hub.settings import Settings
from tests.connectors.contract import stops_in_time
from tests.connectors.practice_site import practice_site
from tests.kernel.waiting import until
from tests.webui.stage import Shop

SAME = {"Sec-Fetch-Site": "same-origin"}
PAGE = "/system/practice/telegram"
IRYNA = "501000001"


async def test_it_stops_in_time() -> None:
    await stops_in_time(PracticeBotLink(SystemClock()), lambda heard: bool(heard.states))


async def test_nobody_who_is_not_there_does_anything() -> None:
    made: PracticeMessenger = PracticeBotLink(SystemClock())
    for name, phone in (("", "0671112233"), ("x" * 61, "0671112233"), ("Анна", "no number")):
        with pytest.raises(Invalid):
            await made.meet(name, phone)
    with pytest.raises(Invalid):
        await made.act("nobody", "write", "x")
    with pytest.raises(Unavailable):
        await made.act(IRYNA, "write", "x")
    assert await made.meet("Анна", "067 111 22 33") in {one.id for one in made.people()}


@pytest.fixture
async def shop(settings: Settings, tmp_path: Path) -> AsyncIterator[Shop]:
    async with practice_site(settings, tmp_path, ("practice_telegram", "telegram")) as made:
        yield made


@pytest.mark.slow
async def test_a_client_writes_presses_and_sees_what_the_shop_says(shop: Shop) -> None:
    async def is_up() -> bool:
        return shop.hub.supervisor.health()["telegram"].state == "ready"

    await until(is_up, 30.0)
    owner = await shop.signed_in("owner")
    assert 'name="act" value="contact"' in await (await owner.get(PAGE)).text()

    async def do(act: str, **more: str) -> int:
        data = {"person": IRYNA, "act": act, **more}
        return (await owner.post(PAGE, data=data, headers=SAME, allow_redirects=False)).status

    assert [await do("write", text="<b>Готово?</b>"), await do("contact"), await do("photo")] == [303] * 3
    assert [await do("write", text=" "), await do("fly")] == [422, 422]
    installation = shop.hub.installation

    async def texts() -> list[str]:
        async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
            api = MessagingApi(uow, installation.deps)
            page = await api.reading.messages(MessageFilter(channel="telegram"), cursor=None, limit=50)
            return [one.text or f"{len(one.attachments)} files" for one in page.items[::-1]]

    async def all_came() -> bool:
        return {"<b>Готово?</b>", "1 files"} <= set(await texts())

    await until(all_came)

    async def is_queued() -> bool:
        button = Button(title="Так, приїду", payload="v1.test")
        entry = MessageEntry(
            text="О 17:00?", channel="telegram", address=IRYNA, buttons=(button,), priority="dialogue"
        )
        writing = installation.transactions.writing(actor=None, shop_id=installation.default_shop)
        with suppress(Unavailable):  # facts of the same thread come in meanwhile: a person tries again
            async with writing as uow:
                await MessagingApi(uow, installation.deps).queue_message(entry)
            return True
        return False

    await until(is_queued)
    thread = f"{PAGE}?part=thread&person={IRYNA}"

    async def is_asked() -> bool:
        return "v1.test" in await (await owner.get(thread)).text()

    await until(is_asked)
    shown = await (await owner.get(thread)).text()
    assert "&lt;b&gt;Готово?&lt;/b&gt;" in shown
    assert "photo.jpg" in shown
    before, _, _ = shown.partition('value="v1.test"')
    message = before.rpartition('name="message" value="')[2].partition('"')[0]
    assert await do("press", message=message, text="v1.test") == 303

    async def is_pressed() -> bool:
        return "Так, приїду" in await texts()

    await until(is_pressed)
