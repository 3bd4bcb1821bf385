"""The pause of one's own phone on the desk: as the PBX has it, whoever began it, and where."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from hub.clock import FrozenClock
from hub.modules.access.api import hash_password
from tests.connectors.ami.ami_server import frame
from tests.factories.site import get_text
from tests.kernel.waiting import until
from tests.modules.dialling.shop import Shop
from tests.webui.stage import PASSWORD, open_shop

MARIA = {
    "Queue": "reception", "MemberName": "Maria", "Interface": "PJSIP/103", "Location": "PJSIP/103",
    "StateInterface": "PJSIP/103", "Status": "1", "Paused": "0",
}  # fmt: skip


def shows(browser: Any, words: str) -> Callable[[], Awaitable[bool]]:
    """Whether the desk says so of one's own pause."""

    async def is_so() -> bool:
        _, page = await get_text(browser, "/dialling/phone")
        return words in " ".join(re.sub(r"<[^>]+>", " ", page).split())

    return is_so


async def test_a_pause_that_was_begun_at_the_phone_is_shown_with_its_reason_and_outlives_a_cut(
    shop: Shop, frozen_clock: FrozenClock
) -> None:
    """Nobody ordered it here. While the line is away nothing is claimed; what changed meanwhile is put right
    by the picture after it."""
    members = shop.pbx.script.members
    async with open_shop(shop.hub, frozen_clock, await hash_password(PASSWORD)) as site:
        await site.person("receptionist", extensions=["103"])
        maria = await site.sign_in("receptionist")
        members[:] = [MARIA]
        shop.connector.drop_line()
        await until(shows(maria, "Пауза Z Під час паузи"))
        paused = {**MARIA, "Paused": "1", "PausedReason": "100% обід"}
        shop.pbx.session.send(frame("Event: QueueMemberPause", **paused))
        await until(shows(maria, "Пауза: 100% обід"))
        _, board = await get_text(maria, "/queues")
        assert "100% обід" in board
        async with maria.get("/api/v1/presence") as answer:
            (told,) = [one for one in (await answer.json())["items"] if one["extensions"] == ["103"]]
        assert (told["state"], told["reason"]) == ("paused", "100% обід")
        members[:] = [{**paused, "PausedReason": "нарада", "LastPause": "1795860000"}]
        shop.connector.drop_line()
        await until(shows(maria, "Пауза: нарада"))
        members[:] = []
        shop.connector.drop_line()
        await until(shows(maria, "немає в жодній черзі"))
        await shop.pbx.stop()
        await until(shows(maria, "Пауза: невідомо"))
    assert shop.pbx.actions("queuepause") == []


async def test_in_one_queue_of_two_it_says_in_which_and_either_way_is_offered(
    shop: Shop, frozen_clock: FrozenClock
) -> None:
    async with open_shop(shop.hub, frozen_clock, await hash_password(PASSWORD)) as site:
        await site.person("receptionist", extensions=["103"])
        maria = await site.sign_in("receptionist")
        service = {**MARIA, "Queue": "service", "Paused": "1", "PausedReason": "Lunch"}
        shop.pbx.script.members[:] = [MARIA, service]
        shop.connector.drop_line()
        await until(shows(maria, "не дзвонять на ваш телефон: service"))
        _, page = await get_text(maria, "/dialling/phone")
        assert 'name="pause" value="no"' in page
