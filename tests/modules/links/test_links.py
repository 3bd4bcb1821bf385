"""F98: a link is 128 bits, one thing, for a while; looking at it changes nothing, guessing finds nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.clock import FrozenClock
from hub.errors import Conflict, Invalid, NotFound
from hub.modules.consents.api import ConsentsApi, Subject
from hub.modules.links.api import LinkEntry, LinksApi
from hub.modules.links.rules import hash_of, new_token
from hub.settings import ServerSettings, Settings
from tests.factories.crm import make_client
from tests.factories.relays import settled
from tests.factories.site import Client, get_text, send_form, site_of
from tests.faults.figures import Fault
from tests.modules.consents.stories import NOON, asked, record
from tests.modules.links.conftest import PUBLIC
from tests.modules.messaging.wire import IRYNA, House, Wire, house_of


@pytest.fixture
async def visitor(house: House) -> AsyncIterator[Client]:
    client = await site_of(house.hub, None)
    yield client
    await client.close()


async def made(house: House, **more: object) -> str:
    """The path of a new link."""
    values = {"kind": "confirm", "object": "visit:1", "text": "Tuesday at nine?", **more}
    async with house.uow() as uow:
        url = await LinksApi(uow, house.hub.installation.deps).link_for(LinkEntry(**values))
    assert re.fullmatch(re.escape(PUBLIC) + r"/c/[\w-]{22}", url)
    return url.removeprefix(PUBLIC)


async def unsubscribing(house: House) -> tuple[str, str]:
    client = await make_client(house.hub, "Iryna", IRYNA, language="uk")
    await record(house, Subject(client_id=client.id))
    async with house.uow() as uow:
        url = await ConsentsApi(uow, house.hub.installation.deps).unsubscribe_link(
            Subject(client_id=client.id)
        )
    return url.removeprefix(PUBLIC), client.id


@pytest.mark.fault("F98")
async def test_looking_at_a_link_changes_nothing_and_tells_nobody_of_it(
    house: House, visitor: Client
) -> None:
    path, client_id = await unsubscribing(house)
    for agent in ("TelegramBot (like TwitterBot)", "facebookexternalhit/1.1", "Mozilla/5.0"):
        async with visitor.get(path, headers={"User-Agent": agent}) as answer:
            text = await answer.text()
            assert answer.status == 200
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "noindex" in answer.headers["X-Robots-Tag"]
            assert answer.headers["Cache-Control"] == "no-store"
        assert "Більше не надсилати рекламу" in text
        assert IRYNA not in text
        await visitor.head(path)
    assert (await asked(house, client_id=client_id, at=NOON)).is_yes


async def test_a_client_ends_advertising_and_comes_back_by_the_same_link(
    house: House, visitor: Client
) -> None:
    path, client_id = await unsubscribing(house)
    assert (await send_form(visitor, path, {"choice": "marketing_off"}))[:2] == (303, path)
    assert (await asked(house, client_id=client_id, at=NOON)).code == "withdrawn"
    assert (await asked(house, "service", client_id=client_id, at=NOON)).is_yes
    await send_form(visitor, path, {"choice": "all_off"})
    assert (await asked(house, "service", client_id=client_id, at=NOON)).code == "blocked"
    await send_form(visitor, path, {"choice": "back_on"})
    assert (await asked(house, client_id=client_id, at=NOON)).is_yes
    assert (await send_form(visitor, path, {"choice": "everything"}))[0] == 422


async def test_a_mail_programs_one_click_ends_advertising(house: House, visitor: Client) -> None:
    path, client_id = await unsubscribing(house)
    assert (await send_form(visitor, path, {"List-Unsubscribe": "One-Click"}))[:2] == (200, "")
    assert (await asked(house, client_id=client_id, at=NOON)).code == "withdrawn"


async def test_the_page_tells_of_a_consent_for_one_channel_and_of_no_service(
    house: House, visitor: Client
) -> None:
    path, client_id = await unsubscribing(house)
    whose = Subject(client_id=client_id)
    await record(house, whose, "withdrawn", form="oral", evidence="")
    house.clock.advance(60)
    await record(house, whose, channel="email")
    await record(house, whose, "withdrawn", topic="service", form="oral", evidence="")
    text = (await get_text(visitor, path))[1]
    assert "marketing_off" in text
    assert "Реклама: ви погодилися" in text
    assert "Повідомлення про ваш автомобіль: не надходять." in text


async def test_a_confirmation_counts_once_and_only_by_its_form(house: House, visitor: Client) -> None:
    path = await made(house)
    assert "Tuesday at nine?" in (await get_text(visitor, path))[1]
    assert await confirmed(house) == 0
    for _ in range(3):
        assert (await send_form(visitor, path, {}))[0] == 303
    assert await confirmed(house) == 1


async def confirmed(house: House) -> int:
    rows = await house.hub.database.read(
        lambda connection: connection.exec_driver_sql(
            "SELECT count(*) FROM event_outbox WHERE name = 'link.confirmed'"
        ).scalar_one()
    )
    await settled(house.hub)
    return int(rows)


async def test_a_link_that_is_over_or_taken_back_opens_nothing(
    house: House, visitor: Client, frozen_clock: FrozenClock
) -> None:
    path, other = await made(house), await made(house, object="visit:2")
    async with house.uow() as uow:
        assert await LinksApi(uow, house.hub.installation.deps).revoke("confirm", "visit:1") == 1
    assert (await get_text(visitor, path))[0] == 404
    assert (await send_form(visitor, path, {}))[0] == 404
    assert (await get_text(visitor, other))[0] == 200
    frozen_clock.advance(14 * 86_400)
    assert (await get_text(visitor, other))[0] == 404


@pytest.mark.parametrize("token", ["x", "A" * 22, "%00" * 22, "..%2f..%2fetc", "ї" * 22, "A" * 500])
async def test_what_is_no_link_is_a_page_that_says_so(visitor: Client, token: str) -> None:
    status, text = await get_text(visitor, f"/c/{token}")
    assert status in (400, 404)
    assert "Traceback" not in text


@pytest.mark.fault("F98")
async def test_no_guess_opens_a_link(house: House, fault: Fault) -> None:
    for number in range(20):
        await made(house, object=f"visit:{number}")
    async with house.uow() as uow:
        links = LinksApi(uow, house.hub.installation.deps).links
        for number in range(fault.count(full=20_000, sample=200)):
            with fault.run(f"guess {number}"), pytest.raises(NotFound):
                await links.open(new_token())


async def test_guessing_is_slowed_down(house: House, visitor: Client) -> None:
    path = await made(house)
    answers = [(await get_text(visitor, f"/c/{new_token()}"))[0] for _ in range(130)]
    assert answers.count(404) == 120
    assert set(answers[120:]) == {429}
    assert (await get_text(visitor, path))[0] == 429
    house.clock.advance(60)
    assert (await get_text(visitor, path))[0] == 200


def test_a_token_has_128_bits_and_only_its_hash_is_kept() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(token) == 22 and (hash_of(token) or "") != token for token in tokens)


async def test_no_token_is_stored_or_logged(
    house: House, visitor: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    token = (await made(house)).rpartition("/")[2]
    await get_text(visitor, f"/c/{token}")
    await send_form(visitor, f"/c/{token}", {})
    rows = await house.hub.database.read(
        lambda connection: [
            str(row)
            for table in ("links_links", "access_audit", "event_outbox")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        ]
    )
    assert rows
    assert not [row for row in rows if token in row]
    assert token not in capsys.readouterr().out


async def test_without_a_public_address_a_link_is_refused_in_words(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, wire: Wire
) -> None:
    settings = replace(settings, server=ServerSettings(public_url=""))
    async with house_of(settings, frozen_clock, tmp_path, wire) as house:
        with pytest.raises(Conflict, match=r"links.no_public_url"):
            await made(house)


async def test_a_kind_that_nobody_shows_is_refused(house: House) -> None:
    with pytest.raises(Invalid, match=r"links.kind"):
        await made(house, kind="visit")
    with pytest.raises(Invalid, match=r"links.entry"):
        await made(house, object="")
