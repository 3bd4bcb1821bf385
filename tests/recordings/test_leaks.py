"""Sound of another branch, ranges abused, caches on the way: nothing leaks (F67)."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.app import Hub
from hub.values import ShopId
from recordings.module import MODULE
from tests.factories.recordings import recording
from tests.factories.tones import tone, wav
from tests.faults.figures import Fault
from tests.webui.stage import Shop

Browser = TestClient[Any, Any]
SOUND = wav(tone(440.0, 2.0))
OTHER = ShopId("other")
PATHS = sorted(
    {route.path for route in MODULE.routes if route.path.startswith("/recordings/{id}")}
    | {f"/api/v1{one.path}" for one in MODULE.operations if one.path.startswith("/recordings/{id}")}
)  # fmt: skip


@pytest.mark.fault("F67")
@pytest.mark.parametrize("role", ["manager", "receptionist", "master"])
async def test_nothing_of_another_branchs_recording_is_given_out(
    shop: Shop, hub: Hub, role: str, fault: Fault
) -> None:
    theirs = await recording(hub, shop_id=OTHER)
    client = await shop.signed_in(role)
    for path in PATHS:
        address = re.sub(r"\{\w+\}", "01abc", path.replace("{id}", theirs.id))
        with fault.run(path):
            answer = await client.get(address, headers={"Range": "bytes=0-99"}, allow_redirects=False)
            body = await answer.read()
            assert answer.status in (403, 404, 405), answer.status
            assert SOUND[:64] not in body
            assert theirs.sha256.encode() not in body


HOPES: list[dict[str, str]] = [
    {},
    {"Range": "bytes=0-99"},
    {"If-None-Match": "*"},
    {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
]
"""What a cache asks by."""


def _range(run: Random) -> str:
    """What somebody may ask for who wishes us ill."""
    size = len(SOUND)
    one = f"{run.randrange(-5, size * 2)}-{run.choice(['', run.randrange(size * 3), 10**30])}"
    many = ",".join([run.choice(["0-0", "0-", "-1", one])] * run.choice([1, 2, 10, 1000]))
    begin = run.choice(["bytes=", "BYTES=", "bytes =", "items=", ""])
    return (begin + many + run.choice(["", " ", "\t", "?", ";"])).strip()


@pytest.mark.fault("F67")
async def test_abused_ranges_get_one_range_or_none_and_never_more_than_there_is(
    owner: Browser, hub: Hub, fault: Fault
) -> None:
    made = await recording(hub)
    path = f"/api/v1/recordings/{made.id}/media"
    for run in fault.runs(full=1000, sample=40):
        asked = _range(run)
        with fault.run(ascii(asked[:60])):
            answer = await owner.get(path, headers={"Range": asked})
            body = await answer.read()
            assert answer.status in (200, 206, 400, 416), answer.status
            assert len(body) <= len(SOUND) or answer.status in (400, 416)
            assert answer.status not in (200, 206) or body in SOUND
            assert "multipart" not in answer.headers["Content-Type"]


@pytest.mark.fault("F67")
@pytest.mark.parametrize("asked", HOPES, ids=lambda asked: next(iter(asked), "nothing"))
async def test_nobody_on_the_way_may_keep_the_sound(
    owner: Browser, hub: Hub, asked: dict[str, str], fault: Fault
) -> None:
    made = await recording(hub)
    first = await owner.get(f"/recordings/{made.id}/media")
    etag = {"If-None-Match": first.headers["ETag"]} if "If-None-Match" in asked else asked
    for path in (f"/recordings/{made.id}/media", f"/api/v1/recordings/{made.id}/media"):
        with fault.run(f"{path} {asked}"):
            answer = await owner.get(path, headers=etag)
            assert answer.status in (200, 206)
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Last-Modified" not in answer.headers
            assert "Expires" not in answer.headers
