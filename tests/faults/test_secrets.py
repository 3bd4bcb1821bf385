"""F91: one thing that happens is one line of the log, whatever it is called; no secret stands in the log, on
an error page or in an answer."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from yarl import URL

from hub import log
from hub.app import Hub
from tests.faults.figures import Fault
from tests.faults.polyglots import SCRIPTS
from tests.thrift import log_plainly
from tests.webui.stage import PASSWORD, Shop
from tests.webui.test_rights import SAME

CROSS = {"Sec-Fetch-Site": "cross-site"}
FORGED = "\r\n2026-01-01T00:00:00Z info webui: all is well"
HOSTILE = (
    FORGED,
    "\n" + json.dumps({"event": "all is well"}),
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "a\x00b",
    "\u2028x",
    "\u2029x",
    "\x85x",
    "\x0bx",
    "\x0cx",
    "\u202eevil",
    "\x08\x08\x08",
    "a\tb",
    "é" * 300,
    "\ufeff",
    "%0d%0aforged",
    "\\r\\nforged",
    "{}{0}%s%n",
    "\x9b31m",
    "\ud83d",
)


@pytest.fixture
def stream(form: str) -> Iterator[io.StringIO]:
    """What is logged; asked for before the shop, whose loggers keep the set-up that they began with."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    written = io.StringIO()
    log.configure(form, "debug", written)
    yield written
    log_plainly()
    root.handlers[:], level = before
    root.setLevel(level)


def _lines(stream: io.StringIO, form: str) -> list[str]:
    """Each thing that was logged; a trace of the text form belongs to its line."""
    lines = stream.getvalue().split("\n")
    assert lines.pop() == ""
    return [one for one in lines if form == "json" or not one.startswith("    | ")]


@pytest.mark.fault("F91")
@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_value_forges_a_line_of_the_log(
    stream: io.StringIO, shop: Shop, form: str, fault: Fault
) -> None:
    client = await shop.signed_in("owner")
    for value in (*HOSTILE, *fault.cases(SCRIPTS, sample=10)):
        quoted = URL.build(path="/clients/" + value.encode("utf-8", "replace").decode().replace("/", ""))
        before = len(_lines(stream, form))
        async with client.get(quoted, allow_redirects=False) as answer:
            status = answer.status
        log.get_logger("test").info("said", value=value, **{"a key": value})
        made = _lines(stream, form)[before:]
        with fault.run(repr(value)):
            assert status == 404
            assert len([one for one in made if "refused" in one or "said" in one]) == len(made) == 2, made
            assert all(one.isprintable() and "all is well" not in one.split('"')[0] for one in made)
            if form == "json":
                assert json.loads(made[-1])["value"] == value
                assert {json.loads(one)["event"] for one in made} == {"refused", "said"}


@pytest.mark.fault("F91")
@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_secret_stands_in_the_log_or_in_an_error(
    stream: io.StringIO, shop: Shop, hub: Hub, form: str, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await shop.signed_in("owner")
    cookie = next(c.value for c in client.session.cookie_jar if c.key == "pitline")
    token = await shop.token("owner")
    bearer = {"Authorization": f"Bearer {token}"}
    said: list[str] = []

    async def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("postgresql+asyncpg://hub:s3cret-in-url@db/hub")

    monkeypatch.setattr(hub.system, "report", broken)
    program = shop.browser()
    for method, path, options in (
        ("POST", "/login", {"data": {"login": "owner", "password": "s3cret-typed"}}),
        (
            "POST",
            "/login",
            {"data": {"login": "owner", "password": PASSWORD}, "headers": {"Sec-Fetch-Site": "cross-site"}},
        ),
        ("GET", "/api/v1/no-such", {"headers": bearer}),
        ("GET", "/api/v1/employees/none", {"headers": bearer}),
        ("POST", "/api/v1/employees", {"headers": bearer, "json": {"password": "s3cret-typed"}}),
        ("GET", "/api/v1/employees", {"headers": {"Authorization": "Bearer s3cret-bearer"}}),
        ("GET", "/api/v1/employees", {"headers": {"Authorization": "Basic s3cret-basic"}}),
    ):
        async with program.request(method, path, allow_redirects=False, **options) as answer:
            said.append(await answer.text() + str(dict(answer.headers)))
    for path in ("/system", "/nothing", "/settings/people/none"):
        async with client.get(path) as answer:
            said.append(await answer.text())
    form_of_old = {"old": "s3cret-old", "new": "s3cret-new"}
    async with client.post("/me/password", data=form_of_old, headers=SAME) as answer:
        said.append(await answer.text())
    hashes = await hub.database.read(
        lambda c: [
            *c.scalars(text("SELECT password_hash FROM access_people")),
            *c.scalars(text("SELECT token_hash FROM access_tokens")),
        ]
    )
    everything = {"the log": stream.getvalue(), "an answer": "\n".join(said)}
    for place, found in everything.items():
        for secret in ("s3cret", PASSWORD, cookie, token, *hashes):
            fault.check(f"{secret[:8]}… stands in {place}", secret not in found)
        is_silent = place == "the log" or not any(
            one in found for one in ("Traceback", "ZeroDivision", ".py", "SELECT ")
        )
        fault.check(f"{place} tells of the insides", is_silent)
    fault.check("the fault itself is in the log", "ZeroDivisionError" in everything["the log"])
