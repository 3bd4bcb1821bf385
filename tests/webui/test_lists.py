"""Lists, revisions and parameters of /api/v1, as a program meets them."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from tests.webui.stage import Shop

API = "/api/v1"


class Program:
    """A program with an owner's token."""

    def __init__(self, http: TestClient[Any, Any], token: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}"}

    async def send(self, method: str, path: str, **more: Any) -> ClientResponse:
        headers = {**self.headers, **more.pop("headers", {})}
        answer: ClientResponse = await self.http.request(method, API + path, headers=headers, **more)
        await answer.read()
        return answer

    async def json(self, path: str, **query: Any) -> Any:
        answer = await self.send("GET", path, params=query)
        assert answer.status == 200, await answer.text()
        return await answer.json()

    async def client(self, name: str) -> Any:
        answer = await self.send("POST", "/clients", json={"name": name})
        assert answer.status == 201, await answer.text()
        return await answer.json()


@pytest.fixture
async def program(shop: Shop) -> Program:
    return Program(shop.browser(), await shop.token("owner"))


async def test_a_list_walked_while_it_grows_gives_each_once_and_newest_first(
    shop: Shop, program: Program
) -> None:
    made = []
    for n in range(7):
        shop.clock.advance(1)
        made.append((await program.client(f"Client {n}"))["id"])
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for n in range(4):
        page = await program.json("/clients", limit=2, **cursor)
        seen += [one["id"] for one in page["items"]]
        shop.clock.advance(1)
        await program.client(f"Late {n}")
        cursor = {"cursor": page["next"]}
    assert seen == list(reversed(made))
    assert page["next"] is None


async def test_a_cursor_that_somebody_changed_opens_nothing(shop: Shop, program: Program) -> None:
    for n in range(3):
        shop.clock.advance(1)
        await program.client(f"Client {n}")
    cursor: str = (await program.json("/clients", limit=1))["next"]
    dice = random.Random(1)
    forged = {base64.urlsafe_b64encode(b"01k" + b"0" * 23).decode(), "x", "=", "é", "a" * 600, "%00"}
    for _ in range(40):
        place = dice.randrange(len(cursor) - 1)
        letter = dice.choice([c for c in "ABCdef123_-" if c != cursor[place]])
        forged.add(cursor[:place] + letter + cursor[place + 1 :])
    for one in forged:
        answer = await program.send("GET", "/clients", params={"cursor": one})
        assert answer.status == 422, one
        assert (await answer.json())["error"]["code"] == "list.cursor"
    assert (await program.json("/clients", limit=1, cursor=cursor))["items"]


async def test_a_cursor_of_one_list_is_none_of_another(shop: Shop, program: Program) -> None:
    for n in range(2):
        shop.clock.advance(1)
        await program.client(f"Client {n}")
    cursor = (await program.json("/clients", limit=1))["next"]
    assert (await program.send("GET", "/vehicles", params={"cursor": cursor})).status == 422


async def test_parameters_that_do_not_exist_are_refused_by_every_operation(program: Program) -> None:
    client = await program.client("Олена")
    for path in ("/clients", f"/clients/{client['id']}", "/calls", "/employees", "/desk"):
        answer = await program.send("GET", path, params={"nonsense": "1"})
        assert answer.status == 422, path
        assert "nonsense" in (await answer.json())["error"]["fields"]
    answer = await program.send("POST", "/clients", json={"name": "x", "nonsense": 1})
    assert "nonsense" in (await answer.json())["error"]["fields"]


@pytest.mark.fault("F76")
@pytest.mark.parametrize("way", ["rev", "etag"])
async def test_the_second_of_two_changes_of_one_revision_is_told_so(program: Program, way: str) -> None:
    client = await program.client("Олена")
    read = await program.send("GET", f"/clients/{client['id']}")
    assert read.headers["ETag"] == '"1"'

    async def change(name: str) -> int:
        if way == "rev":
            sent: dict[str, Any] = {"json": {"name": name, "rev": 1}}
        else:
            sent = {"json": {"name": name}, "headers": {"If-Match": read.headers["ETag"]}}
        return (await program.send("PATCH", f"/clients/{client['id']}", **sent)).status

    assert [await change("Ірина"), await change("Ганна")] == [200, 409]
    assert (await program.json(f"/clients/{client['id']}"))["name"] == "Ірина"


@pytest.mark.parametrize("said", ["x", '"1", "2"', 'W/"1"', '"2"'])
async def test_an_if_match_that_says_no_single_revision_or_another_is_refused(
    program: Program, said: str
) -> None:
    client = await program.client("Олена")
    body = {"name": "Ірина", "rev": 1}
    answer = await program.send("PATCH", f"/clients/{client['id']}", json=body, headers={"If-Match": said})
    assert answer.status == 422
    assert "If-Match" in (await answer.json())["error"]["fields"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "page.unknown"),
        ("DELETE", "/clients", 405, "request.method"),
        ("GET", "/clients/unknown", 404, "crm.client_unknown"),
    ],
)
async def test_what_is_not_there_is_said_in_the_body_that_all_errors_have(
    program: Program, method: str, path: str, status: int, code: str
) -> None:
    answer = await program.send(method, path)
    assert answer.status == status
    error = (await answer.json())["error"]
    assert set(error) == {"code", "text", "hint", "fields", "data"}
    assert error["code"] == code
    assert ("Allow" in answer.headers) is (status == 405)


@pytest.mark.sqlite
async def test_bodies_too_big_or_of_another_kind_are_refused_as_such(program: Program) -> None:
    big = await program.send("POST", "/clients", json={"name": "x" * 1_100_000})
    form = await program.send("POST", "/clients", data={"name": "x"})
    broken = await program.send("POST", "/clients", data=b"{", headers={"Content-Type": "application/json"})
    assert [(one.status, (await one.json())["error"]["code"]) for one in (big, form, broken)] == [
        (413, "request.too_big"), (415, "request.media_type"), (422, "request.not_json"),
    ]  # fmt: skip


async def test_a_browser_changes_things_only_with_its_own_sessions_token(shop: Shop) -> None:
    browser = await shop.signed_in("owner")
    page = await (await browser.get("/account")).text()
    token = page.split('name="csrf" value="')[1].split('"')[0]
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": token}
    without = await browser.post(f"{API}/clients", json={"name": "x"})
    foreign = await browser.post(
        f"{API}/clients", json={"name": "x"}, headers={**headers, "Sec-Fetch-Site": "cross-site"}
    )
    forged = await browser.post(f"{API}/clients", json={"name": "x"}, headers={"X-CSRF-Token": "0" * 40})
    own = await browser.post(f"{API}/clients", json={"name": "x"}, headers=headers)
    assert [one.status for one in (without, foreign, forged, own)] == [401, 403, 403, 201]
