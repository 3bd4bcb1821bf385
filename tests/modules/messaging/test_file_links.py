"""Files go where a channel carries none: as MMS that Twilio fetches, or as a short link to a page of ours.
The practice Twilio's ledger, and whoever opens the address, judge."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from connectors.practice_twilio.server import PracticeTwilio
from connectors.twilio_sms.connector import TwilioSms
from hub.clock import FrozenClock, SystemClock
from hub.errors import Conflict
from hub.modules.crm.api import CrmApi
from hub.modules.messaging import store
from hub.modules.messaging.file_links import address_of, file_behind
from hub.settings import MessagingSettings, Settings
from tests.connectors.contract import connected
from tests.connectors.twilio_sms.stage import PUBLIC, config, practice
from tests.factories.crm import make_client
from tests.factories.site import Client, get_text, site_of
from tests.modules.messaging.wire import IRYNA, SMS, TELEGRAM, House, Wire, house_of, wrote
from tests.webui.stage import WIDE
from webui.app import make_app

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 500
AMERICAN, OURS = "+12025550143", "+12025550100"


@pytest.fixture
def wire() -> Wire:
    return Wire(carried={"sms": replace(SMS, can_media=False)})


@pytest.fixture
async def house(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, wire: Wire
) -> AsyncIterator[House]:
    async with house_of(public(settings, tmp_path), frozen_clock, tmp_path, wire) as made:
        yield made


@pytest.fixture
async def visitor(house: House) -> AsyncIterator[Client]:
    client = await site_of(house.hub, None)
    yield client
    await client.close()


def public(settings: Settings, folder: Path) -> Settings:
    return replace(
        settings, server=replace(settings.server, public_url=PUBLIC),
        messaging=MessagingSettings(files=str(folder / "attachments"), poll=0.05),
    )  # fmt: skip


async def uploaded(house: House, folder: Path, file_id: str, data: bytes = PNG) -> str:
    """A file of the desk's, by its id."""
    stored = store.write(folder / "attachments", file_id.ljust(26, "0"), data)
    async with house.api() as api:
        return (await api.files.add(stored, "dash board.png")).id


async def test_where_no_file_goes_a_link_does_and_its_page_gives_the_file_out(
    house: House, wire: Wire, visitor: Client, tmp_path: Path
) -> None:
    file_id = await uploaded(house, tmp_path, "f1")
    await house.queue("Look", files=(file_id,))
    await house.sent()
    [sent] = wire.ledger
    found = re.fullmatch(r"Look\nhttps://shop\.example(/c/[\w-]{22})", sent.text)
    assert found is not None
    assert sent.files == ()
    _, page = await get_text(visitor, found[1])
    [address] = set(re.findall(r'src="(/files/[^"]+)"', page))
    answer = await visitor.get(address)
    assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", PNG)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_file_alone_is_a_link_alone_and_erased_ones_say_so(
    house: House, wire: Wire, visitor: Client, tmp_path: Path
) -> None:
    await house.queue("", files=(await uploaded(house, tmp_path, "f1"),))
    await house.sent()
    [sent] = wire.ledger
    async with house.uow() as uow:
        await (await uow.session.connection()).exec_driver_sql("UPDATE messaging_files SET state = 'gone'")
    _, page = await get_text(visitor, sent.text.removeprefix(PUBLIC))
    assert ("/files/" in page, "Файлів тут уже немає" in page) == (False, True)


async def test_a_link_from_before_anybody_knew_whose_the_chat_is_goes_with_the_client(
    house: House, wire: Wire, visitor: Client, tmp_path: Path
) -> None:
    wire.carried = {"telegram": replace(TELEGRAM, can_media=False)}
    client = await make_client(house.hub, "Iryna", IRYNA)
    await house.tell(wrote("hi", 7, channel="telegram", account="bot", address="4401"))
    file_id = await uploaded(house, tmp_path, "f1")
    await house.queue("Look", channel="telegram", address="4401", files=(file_id,))
    await house.sent()
    link = wire.ledger[0].text.removeprefix(f"Look\n{PUBLIC}")
    assert (await visitor.get(link)).status == 200
    async with house.api() as api:
        await api.clients.tie("telegram", "4401", None, client.id)
    async with house.uow() as uow:
        await CrmApi(uow, house.hub.installation.deps).erasing.erase(client.id, "asked", second=None)
    assert (await visitor.get(link)).status == 404


async def test_an_address_that_is_over_changed_or_guessed_gives_nothing(
    house: House, visitor: Client, tmp_path: Path
) -> None:
    file_id = await uploaded(house, tmp_path, "f1")
    await house.queue("Look", files=(file_id,))
    seal, now = house.hub.installation.deps.seal, house.clock.now()
    good = address_of(seal, "", file_id, now + timedelta(hours=1))
    assert (await visitor.get(good)).status == 200
    token = good.removeprefix("/files/")
    name, ends, tag = token.split(".")
    others = (
        f"{name}.{int(ends) + 1}.{tag}", f"{'0' * 26}.{ends}.{tag}", f"{name}.{ends}.{'A' * 43}",
        f"{name}.{ends}", token + "=", "x", f"{name}.{ends}.{tag[:-1]}é",
    )  # fmt: skip
    for other in others:
        assert file_behind(seal, other, now) is None
        status, page = await get_text(visitor, f"/files/{other}")
        assert (status, "Відкрийте посилання з повідомлення ще раз" in page) == (404, True)
    assert file_behind(seal, token, now + timedelta(hours=2)) is None
    unsent = await uploaded(house, tmp_path, "f2")
    assert (await visitor.get(address_of(seal, "", unsent, now + timedelta(hours=1)))).status == 404


async def test_without_a_public_address_a_file_is_refused_in_words(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, wire: Wire
) -> None:
    plain = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "attachments")))
    async with house_of(plain, frozen_clock, tmp_path, wire) as house:
        file_id = await uploaded(house, tmp_path, "f1")
        with pytest.raises(Conflict, match="no files"):
            await house.queue("Look", files=(file_id,))


@asynccontextmanager
async def american(settings: Settings, folder: Path) -> AsyncIterator[tuple[House, PracticeTwilio]]:
    """A shop whose number sends MMS, and Twilio, which reaches it."""
    async with practice() as twilio:
        link = TwilioSms(config(api_base=twilio.base, sender=OURS), SystemClock())
        async with (
            connected(link),
            house_of(public(settings, folder), SystemClock(), folder, link) as house,
            TestServer(make_app(house.hub.installation, WIDE)) as server,
        ):
            twilio.reach = str(server.make_url("")).rstrip("/")
            yield house, twilio


@pytest.mark.slow
async def test_twilio_fetches_the_files_of_an_mms_and_to_others_a_link_goes(
    settings: Settings, tmp_path: Path
) -> None:
    async with american(settings, tmp_path) as (house, twilio):
        first, second = [await uploaded(house, tmp_path, name) for name in ("f1", "f2")]
        await house.queue("Look", files=(first, second), address=AMERICAN)
        await house.sent()
        [mms] = twilio.account.sent()
        assert list(mms.media.values()) == [("image/png", PNG)] * 2
        assert mms.body == "Look"
        await house.queue("Look", files=(await uploaded(house, tmp_path, "f3"),), address=IRYNA)
        await house.sent()
        other = twilio.account.sent()[-1]
        assert (other.to, other.media) == (IRYNA, {})
        assert re.fullmatch(r"Look\nhttps://shop\.example/c/[\w-]{22}", other.body)
        large = PNG + b"x" * 5_000_000
        await house.queue("Large", files=(await uploaded(house, tmp_path, "f4", large),), address=AMERICAN)
        await house.sent()
        assert twilio.account.sent()[-1].media == {}
