"""config/webhooks.md: the example that it shows really checks what is really sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hub.app import Hub
from hub.events.crm import ClientPhoneAdded
from tests.contracts.sources import ROOT
from tests.modules.webhooks.receiver import Receiver, add_endpoint, publish, send_once


def example() -> Callable[[str, dict[str, str], bytes], bool]:
    text = (ROOT / "config" / "webhooks.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    check: Callable[[str, dict[str, str], bytes], bool] = names["is_genuine"]
    return check


async def test_the_example_takes_what_is_genuine_and_nothing_else(hub: Hub, program: Receiver) -> None:
    _, secret = await add_endpoint(hub, program.url)
    await publish(hub, ClientPhoneAdded(client_id="Олена", number="+380501234567"))
    await send_once(hub)
    one, is_genuine = program.seen[0], example()
    assert is_genuine(secret, one.headers, one.body)
    assert not is_genuine(secret, one.headers, one.body.replace(b"+38050", b"+38051"))
    assert not is_genuine(secret, {**one.headers, "webhook-id": "another"}, one.body)
    old = str(int(one.headers["webhook-timestamp"]) - 301)
    assert not is_genuine(secret, {**one.headers, "webhook-timestamp": old}, one.body)
    other = (await add_endpoint(hub, program.url))[1]
    assert not is_genuine(other, one.headers, one.body)
