"""The last lines of the log and the support bundle, for whoever looks after the system."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from hub import log
from hub.app import Hub
from hub.kernel.support import Support
from hub.secret import Secret
from tests.thrift import log_plainly
from tests.webui.stage import WIDE, Shop
from webui.app import make_app

SAME = {"Sec-Fetch-Site": "same-origin"}
AMI_SECRET = "opens the exchange"


@pytest.fixture
async def remembering(hub: Hub, shop: Shop) -> AsyncIterator[Shop]:
    """A web admin whose process keeps its last ten lines; the PBX has a secret."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    memory = log.LogMemory(10)
    log.configure("text", "debug", io.StringIO(), memory)
    settings = hub.installation.settings
    settings = replace(settings, ami=replace(settings.ami, secret=Secret(AMI_SECRET)))
    support = Support(hub.database, hub.system, hub.backups, settings, memory)
    server = TestServer(make_app(replace(hub.installation, settings=settings, support=support), WIDE))
    await server.start_server()
    yield replace(shop, server=server)
    await server.close()
    log_plainly()
    root.handlers[:], level = before
    root.setLevel(level)


def say_something() -> None:
    speaker = log.get_logger("hub.test")
    speaker.info("a call from +380501234567", event_id="01kb4c0q2v6n7r8s9t0abcdefg")
    speaker.warning(f"refused with {AMI_SECRET}", token="never shown")
    try:
        raise RuntimeError(f"boom <b> postgresql://me:{AMI_SECRET}@db/x")
    except RuntimeError:
        speaker.exception("it broke")
        logging.getLogger("some.library").exception("a library broke")


@pytest.mark.parametrize(
    ("level", "said", "unsaid"),
    [
        ("info", ["a call from", "refused with", "it broke", "a library broke"], []),
        ("warning", ["refused with", "it broke"], ["a call from"]),
        ("error", ["it broke", "a library broke"], ["refused with"]),
    ],
)
@pytest.mark.sqlite
async def test_the_log_is_read_by_level_newest_first_without_secrets_and_numbers(
    remembering: Shop, level: str, said: list[str], unsaid: list[str]
) -> None:
    owner = await remembering.signed_in("owner")
    say_something()
    text = await (await owner.get(f"/system/log?part=lines&level={level}")).text()
    found = [text.find(part) for part in said]
    assert -1 not in found
    assert found == sorted(found, reverse=True)
    assert not [part for part in (*unsaid, AMI_SECRET, "never shown", "501234567", "<b>") if part in text]
    assert ("01kb4c0q2v6n7r8s9t0abcdefg" in text) == (level == "info")


@pytest.mark.sqlite
async def test_only_so_many_lines_are_kept(remembering: Shop) -> None:
    owner = await remembering.signed_in("owner")
    for number in range(30):
        log.get_logger("hub.test").info(f"line number {number}.")
    text = await (await owner.get("/system/log?part=lines")).text()
    assert re.findall(r"line number (\d+)\.", text) == [str(number) for number in range(29, 19, -1)]


async def test_the_button_makes_the_bundle_with_the_log_and_it_is_audited(remembering: Shop) -> None:
    owner = await remembering.signed_in("owner")
    assert 'action="/system/bundle"' in await (await owner.get("/system")).text()
    say_something()
    answer = await owner.post("/system/bundle", headers=SAME)
    assert answer.content_type == "application/zip"
    assert "attachment" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as bundle:
        said = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert "it broke" in said["log.txt"]
    assert {"versions.json", "settings.txt", "counts.json", "troubles.txt", "journal.txt"} <= said.keys()
    whole = "\n".join(said.values())
    assert not [part for part in (AMI_SECRET, "never shown", "501234567") if part in whole]
    assert ("system.bundle", "done") in await remembering.audit()


@pytest.mark.parametrize(("method", "path"), [("GET", "/system/log"), ("POST", "/system/bundle")])
@pytest.mark.sqlite
async def test_who_does_not_look_after_the_system_reads_no_log(shop: Shop, method: str, path: str) -> None:
    manager = await shop.signed_in("manager")
    assert (await manager.request(method, path, headers=SAME, allow_redirects=False)).status == 403
