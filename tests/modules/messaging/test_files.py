"""Files of messages: fetched, sniffed, bounded, given out as what they are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.events.messages import Attached
from hub.kernel.context import WorkerContext
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from hub.modules.messaging.api import MessageView
from hub.modules.messaging.fetcher import Fetcher
from tests.modules.messaging.wire import House, Wire, wrote

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


def fetcher(house: House) -> Fetcher:
    return Fetcher(
        WorkerContext(
            transactions=house.hub.transactions, deps=house.hub.installation.deps, shop_id=FIRST_SHOP,
            work=asyncio.Event(), log=get_logger("test"),
        )
    )  # fmt: skip


async def arrived(house: House, ref: str, content_type: str = "image/jpeg", name: str = "") -> MessageView:
    await house.tell(wrote("look", attachments=(Attached(ref=ref, content_type=content_type, name=name),)))
    return (await house.messages())[0]


async def test_a_file_of_theirs_is_fetched_once_and_is_what_its_bytes_say(house: House, wire: Wire) -> None:
    wire.files = {"ref": PNG}
    await arrived(house, "ref", "text/html", "a/../../x.png")
    one = fetcher(house)
    assert [await one.step(), await one.step()] == [1, 0]
    ((file,),) = [message.attachments for message in await house.messages()]
    assert (file.state, file.content_type, file.size) == ("ready", "image/png", len(PNG))
    assert "/" not in file.name
    async with house.api() as api:
        _, path = await api.files.one(file.id, None)
    folder = Path(house.hub.installation.settings.messaging.files)
    assert (folder / path).read_bytes() == PNG


async def test_a_file_that_is_too_large_is_not_kept(house: House, wire: Wire) -> None:
    wire.files = {"ref": b"0" * 20_000_001}
    await arrived(house, "ref")
    await fetcher(house).step()
    ((file,),) = [message.attachments for message in await house.messages()]
    assert file.state == "gone"
    folder = Path(house.hub.installation.settings.messaging.files)
    assert not folder.exists() or not any(path.is_file() for path in folder.rglob("*"))


@pytest.mark.parametrize("tries", [6])
async def test_a_file_that_never_comes_is_given_up_at_last(house: House, wire: Wire, tries: int) -> None:
    wire.away = True
    await arrived(house, "ref")
    one = fetcher(house)
    for _ in range(tries):
        assert await one.step() == 1
        house.clock.advance(10_000)
    ((file,),) = [message.attachments for message in await house.messages()]
    assert file.state == "gone"
