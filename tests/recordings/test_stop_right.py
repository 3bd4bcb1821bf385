"""Who may stop and erase: owner and manager; whoever talks only for a caller who does not want it."""

from __future__ import annotations

from typing import Any

import pytest

from hub.app import Hub
from tests.factories.calls import ended, snapshot, tell_calls
from tests.recordings.test_review import csrf
from tests.recordings.test_sharing import post
from tests.webui.stage import Shop

CALL = "c1"
ERASE = f"/api/v1/calls/{CALL}/recording/erase"
PRESS = f"/recordings/live/{CALL}/erase"


async def ask(browser: Any, status: int, **body: object) -> dict[str, Any]:
    answer = await browser.post(ERASE, json=body, headers=await csrf(browser))
    assert answer.status == status, await answer.text()
    return dict(await answer.json())


@pytest.mark.parametrize("role", ["receptionist", "cashier"])
async def test_who_talks_erases_only_for_a_caller_who_does_not_want_it(
    shop: Shop, hub: Hub, role: str
) -> None:
    await tell_calls(hub, snapshot(CALL, state="talking", answered_at=hub.installation.deps.clock.now()))
    await shop.person(role, extensions=["101"])
    browser = await shop.sign_in(role)
    said = await ask(browser, 403)
    assert said["error"]["code"] == "recordings.no_right_to_erase"
    await post(browser, PRESS, {}, 403)
    assert (await ask(browser, 202, is_withdrawn=True))["stop_rule"] == "withdrawn"


async def test_after_the_call_who_talked_erases_nothing_and_a_manager_still_does(
    shop: Shop, hub: Hub
) -> None:
    now = hub.installation.deps.clock.now()
    await tell_calls(hub, ended(CALL, 0, "answered", ended_at=now))
    await shop.person("receptionist", extensions=["101"])
    desk = await shop.sign_in("receptionist")
    await ask(desk, 403, is_withdrawn=True)
    await post(desk, PRESS, {"why": "withdrawn"}, 403)
    assert (await ask(await shop.signed_in("manager"), 202))["stop_rule"] == "stopped"


@pytest.mark.parametrize(("role", "keys"), [("receptionist", 1), ("manager", 2)])
async def test_the_key_is_on_the_page_for_what_one_may_do(shop: Shop, hub: Hub, role: str, keys: int) -> None:
    await tell_calls(hub, snapshot(CALL, state="talking", answered_at=hub.installation.deps.clock.now()))
    await shop.person(role, extensions=["101"])
    page = await (await (await shop.sign_in(role)).get(f"/calls/{CALL}")).text()
    assert page.count('data-key="erase-recording"') == 1
    assert page.count(f'action="{PRESS}"') == keys
