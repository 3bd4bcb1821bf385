"""The audit log as the web admin keeps and shows it: no change without an entry, whoever wrote the page."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import text

import webui.app
from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.masking import masked_number, without_numbers
from hub.kernel.spreadsheet import as_csv, cell
from hub.main import MODULES
from hub.modules.access.api import AccessApi, AuditView
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry
from hub.values import ShopId
from tests.contracts.sources import sources
from tests.faults.figures import Fault
from tests.webui.stage import PASSWORD, WIDE, Shop
from tests.webui.test_rights import SAME
from tests.webui.test_texts import _known
from webui.app import OWN_ROUTES, make_app
from webui.audit_words import ACTIONS, FIELDS, OUTCOMES, TABLES
from webui.openapi import PREFIX

SECRET_PHONE = "+380501234567"


async def _nothing(_request: Any, **_given: Any) -> web.StreamResponse:
    """A page that does nothing at all."""
    return web.Response(status=204)


def _idle(routes: Sequence[Any]) -> tuple[Any, ...]:
    blank = {"handler": _nothing, "before": None, "noting": None}
    asked = {"body": None, "query": None, "check": None}
    return tuple(
        replace(r, **blank, **(asked if hasattr(r, "body") else {"second_shop": None})) for r in routes
    )


_APPROVE = "UPDATE access_approvals SET state = 'approved', decided_by = 'person:x'"


@pytest.mark.fault("T23")
async def test_no_page_or_operation_that_may_change_something_goes_without_an_entry(
    shop: Shop, hub: Hub, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """Every route of every manifest, its handler replaced by one that does nothing: the entry is made by
    what all go through, so none can forget it."""
    modules = tuple(replace(m, routes=_idle(m.routes), operations=_idle(m.operations)) for m in MODULES)
    monkeypatch.setattr(webui.app, "OWN_ROUTES", _idle(OWN_ROUTES))
    server = TestServer(make_app(replace(hub.installation, modules=modules), WIDE))
    await server.start_server()
    client = await shop.signed_in("owner")
    cookies = {c.key: c.value for c in client.session.cookie_jar}
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    wanted = [
        (r.method, r.path, r.name, SAME) for r in (*OWN_ROUTES, *(r for m in MODULES for r in m.routes))
    ]
    wanted += [(o.method, PREFIX + o.path, o.name, token) for m in MODULES for o in m.operations]
    noted = {r.name for m in MODULES for r in m.routes if r.is_noted}
    noted |= {o.name for m in MODULES for o in m.operations if o.is_noted}
    noted |= {r.name for r in OWN_ROUTES if r.is_noted}
    quiet = {r.name for m in MODULES for r in m.routes if r.is_quiet}
    confirmed = {r.name for r in (*OWN_ROUTES, *(r for m in MODULES for r in m.routes)) if r.second}
    approved = {o.name for m in MODULES for o in m.operations if o.second}
    async with shop.browser().session as http:
        for method, path, name, headers in wanted:
            address = server.make_url(re.sub(r"\{\w+[^}]*\}", "x1", path))
            own: dict[str, Any] = {} if headers is token else {"cookies": cookies}
            if name in confirmed:
                own["data"] = {"second_password": PASSWORD}
            if name in approved:
                async with http.request(method, address, headers=headers) as answer:
                    assert answer.status == 403
                await hub.database.write(lambda c: c.execute(text(_APPROVE)))
            known = {entry.id for entry in await shop.entries(limit=1)}
            async with http.request(method, address, headers=headers, **own) as answer:
                request_id = answer.headers["X-Request-Id"]
            made = await _since(shop, known)
            is_noted = name in noted if method == "GET" else name not in quiet
            expected = [(name, "done", request_id)] if is_noted else []
            expected += [(f"{name}.confirm", "done", request_id)] if name in confirmed else []
            fault.check(f"{method} {path}", [(e.action, e.outcome, e.request_id) for e in made] == expected)
    await server.close()


async def _since(shop: Shop, known: Collection[str]) -> list[AuditView]:
    """What was entered after a known entry, newest first; ten at the most."""
    return list(takewhile(lambda entry: entry.id not in known, await shop.entries(limit=10)))


def test_nothing_is_served_past_the_pipeline() -> None:
    """But files, which change nothing and are for everybody."""
    source = next(one for one in sources("webui") if one.name == "webui/app.py")
    added = re.findall(r"router\.add_\w+\((.*)\)", source.text)
    past = [one for one in added if "pipeline." not in one and not one.endswith("path, handler")]
    assert past == ['"/assets/{name:.+}", site.files.serve']


def test_the_web_admin_writes_only_where_it_is_noted() -> None:
    writing = re.compile(r"transactions\.writing\(")
    found = {one.name for one in sources("webui") if writing.search(one.text)}
    assert found <= {"webui/request.py", "webui/refusals.py", "webui/door.py", "webui/cursors.py"}


async def test_a_change_is_noted_with_its_fields_before_and_after(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    person = await shop.person("mechanic", "m1", mobile=SECRET_PHONE, extensions=["107"])
    answer = await client.post(
        f"/settings/people/{person.id}",
        data={"name": "Vasyl", "role": "master", "extensions": "107 108", "is_active": "1"},
        headers={**SAME, "X-Forwarded-For": "6.6.6.6"}, allow_redirects=False,
    )  # fmt: skip
    assert answer.status == 303
    entry = (await shop.entries())[0]
    assert (entry.action, entry.outcome, entry.subject) == ("access.change_person", "done", person.id)
    assert entry.request_id == answer.headers["X-Request-Id"]
    assert (entry.address, entry.actor and entry.actor.startswith("person:")) == ("127.0.0.1", True)
    rows = {(one["table"], one["how"]): one["fields"] for one in entry.details["changes"]}
    changed = rows["access_people", "changed"]
    assert changed["name"] == ["Mechanic", "Vasyl"]
    assert changed["role"] == ["mechanic", "master"]
    assert changed["mobile"] == ["•••4567", None]
    assert list(rows) == [("access_people", "changed"), ("access_extensions", "added")]


async def test_a_change_by_statement_is_noted_as_well(shop: Shop, hub: Hub) -> None:
    """Clients are changed by UPDATE and their phones by DELETE and INSERT, past the session's objects."""
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        entry = ClientEntry(name="Iryna", phones=(PhoneEntry(number=SECRET_PHONE, is_main=True),))
        made = await CrmApi(uow, installation.deps).create_client(entry)
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    body = {"rev": 1, "name": "Iryna K.", "phones": [{"number": SECRET_PHONE}, {"number": "0671112233"}]}
    answer = await shop.browser().patch(f"/api/v1/clients/{made.id}", json=body, headers=token)
    assert answer.status == 200, await answer.text()
    noted = (await shop.entries())[0]
    assert noted.action == "crm.change_client"
    rows = {(one["table"], one["how"]): one["fields"] for one in noted.details["changes"]}
    assert rows["crm_clients", "changed"] == {"name": ["Iryna", "Iryna K."]}
    assert rows["crm_phones", "added"]["number"] == [None, "•••2233"]
    assert SECRET_PHONE[-9:] not in json.dumps(noted.details)


async def test_no_secret_no_card_and_no_whole_phone_number_stands_in_the_log(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    await client.post("/settings/tokens", data={"name": "till", "role": "integration"}, headers=SAME)
    card = "my card is 4111 1111 1111 1111, call 050 123-45-67"
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    body = {"name": "Card", "note": card, "phones": [{"number": SECRET_PHONE}]}
    assert (await shop.browser().post("/api/v1/clients", json=body, headers=token)).status == 201
    assert (
        await shop.browser().post("/login", data={"login": "owner", "password": "wr0ng-secret"})
    ).status == 401
    said = json.dumps([[one.subject, one.details] for one in await shop.entries()], ensure_ascii=False)
    for secret in ("4111", "501234567", "123-45-67", "wr0ng-secret", "$argon2"):
        assert secret not in said
    assert "my card is [card], call •••4567" in said
    assert not re.search(r"[0-9a-f]{64}", said)


async def test_another_shops_object_and_a_form_of_another_site_are_noted(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    assert (await client.get("/calls/none-such")).status == 404
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert (await client.post("/settings/people/new", data={"name": "x"}, headers=cross)).status == 403
    assert (await client.post("/settings/people/new", data={"name": ""}, headers=SAME)).status == 422
    found = [(one.action, one.outcome, one.subject) for one in await shop.entries()]
    assert found[:2] == [("access.add_person", "refused", ""), ("calls.call", "missing", "none-such")]
    assert (await client.get("/no/such/page")).status == 404
    assert [(one.action, one.outcome, one.subject) for one in await shop.entries()] == found


async def test_a_token_that_opens_nothing_is_noted(shop: Shop) -> None:
    await shop.person("owner")
    headers = {"Authorization": "Bearer pit_wrong"}
    assert (await shop.browser().get("/api/v1/employees", headers=headers)).status == 401
    entry = (await shop.entries())[0]
    assert (entry.action, entry.outcome, entry.actor) == ("access.list_employees", "refused", None)
    assert entry.details == {"code": "access.token_bad"}


async def test_the_page_shows_filters_and_goes_on(shop: Shop, frozen_clock: FrozenClock) -> None:
    client = await shop.signed_in("owner")
    boss = (await shop.entries())[0].actor
    for number in range(55):
        frozen_clock.advance(1)
        await client.post("/account/language", data={"language": ("en", "uk")[number % 2]}, headers=SAME)
    await client.post("/account/language", data={"language": "en"}, headers=SAME)
    text = await (await client.get("/settings/audit")).text()
    assert len(re.findall(r"data-seq=", text)) == 50
    assert "Change the own language" in text
    following = re.search(r'href="([^"]*before=\d+[^"]*)"', text)
    assert following is not None
    rest = await (await client.get(following[1].replace("&amp;", "&"))).text()
    seen = re.findall(r'data-seq="(\d+)"', text + rest)
    assert [int(one) for one in seen] == sorted(map(int, seen), reverse=True)
    assert len(seen) == len(set(seen)) == len(await shop.entries())
    only = await (
        await client.get(f"/settings/audit?action=access.sign_in&person={boss}&from=2026-01-05")
    ).text()
    assert len(re.findall(r"data-seq=", only)) == 1
    none = await (await client.get("/settings/audit?denied=1")).text()
    assert "Nothing was found." in none
    assert (await client.get("/settings/audit?from=2026-13-45")).status == 422
    assert (await client.get("/settings/audit?from=9999-12-31")).status == 422
    assert (await client.get("/settings/audit?before=x&object=%25&person=%27&shop=other")).status == 200


async def test_the_spreadsheet_holds_what_the_filter_finds_and_its_making_is_noted(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    body = {"name": "=HYPERLINK(1)", "role": "mechanic", "is_active": "1"}
    assert (await client.post("/settings/people/new", data=body, headers=SAME)).status == 200
    answer = await client.get("/settings/audit/export.csv?action=access.add_person")
    assert (answer.status, answer.content_type) == (200, "text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[1][3] == "Додати працівника"
    assert "=HYPERLINK(1)" in rows[1][7]
    assert not any(one.startswith(("=", "@")) for one in rows[1])
    last = (await shop.entries())[0]
    assert (last.action, last.outcome) == ("access.export_audit", "done")


async def test_the_api_has_the_same_filters(shop: Shop, frozen_clock: FrozenClock) -> None:
    mechanic = await shop.signed_in("mechanic")
    await mechanic.get("/settings")
    frozen_clock.advance(60)
    since = frozen_clock.now().isoformat()
    await mechanic.get("/system")
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    client = shop.browser()

    async def found(query: str) -> list[str]:
        answer = await client.get(f"/api/v1/audit?{query}", headers=token)
        assert answer.status == 200, await answer.text()
        return [one["action"] for one in (await answer.json())["items"]]

    assert await found("denied=true") == ["web.system", "web.settings"]
    assert await found(f"denied=true&from={since.replace('+', '%2B')}") == ["web.system"]
    assert await found("action=settings") == ["web.settings"]
    assert await found("shop_id=other") == []
    first = await (await client.get("/api/v1/audit?limit=1", headers=token)).json()
    assert await found(f"limit=1&cursor={first['next']}") == ["web.settings"]
    assert set(first["items"][0]) >= {"seq", "hash", "at", "actor", "outcome", "details", "request_id"}


async def test_a_manager_reads_the_log_of_own_shops_only(shop: Shop, hub: Hub) -> None:
    """Entries of another shop are not there, whatever is asked for."""
    client = await shop.signed_in("manager")
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=ShopId("other")) as uow:
        AccessApi(uow, installation.deps).audit.add("elsewhere.done", "done", subject="hidden")
    for query in ("", "?shop=other", "?object=hidden", "?action=elsewhere"):
        for path in ("/settings/audit", "/settings/audit/export.csv"):
            assert "elsewhere.done" not in await (await client.get(path + query)).text()


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_the_words_of_the_log_are_translated(language: str) -> None:
    words = {*ACTIONS.values(), *TABLES.values(), *FIELDS.values(), *(said for said, _ in OUTCOMES.values())}
    assert words - _known(language) == set()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+380501234567", "•••4567"),
        ("050 123-45-67", "•••4567"),
        ("ring (044) 123 45 67 now", "ring (•••4567 now"),
        ("101", "101"),
        ("4111111111111111", "[card]"),
        ("5500 0000 0000 0004", "[card]"),
        ("1234567890123", "•••0123"),
        ("2026-11-28T07:02:10.000001+00:00", "2026-11-28T07:02:10.000001+00:00"),
        ("closed on 2026-12-31", "closed on 2026-12-31"),
        ("10.120.130.140", "10.120.130.140"),
        ("01kb8x4x5d0123456789abcdef", "01kb8x4x5d0123456789abcdef"),
        ("WVWZZZ1KZAW123456", "WVWZZZ1KZAW123456"),
    ],
)
def test_numbers_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert without_numbers(text) == shown
    assert masked_number("12345") == "12345"


FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1", "\u200b=1",
    "=cmd|' /C calc'!A0", "＝1＋1", "＋1", "－1", "＠SUM(1)", '=HYPERLINK("http://x","y")', "=\t1", "\0=1",
    "-2+3+cmd|' /C calc'!A0", "+cmd|x", "@", "=", "\u202e=1", '="a"&1', "-@SUM(1)", "+380501234567;=1", "+-1",
    "+1234 x", "-1e5*2", "\x0b=1", "\x0c=1", "\u2028=1", "\u3000=1", "=1;=2", "+١٢٣٤", "-", "+",
    '=DDE("cmd";"/C calc";"x")', "=IMPORTXML(1)",
)  # fmt: skip


@pytest.mark.fault("F88")
@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_and_all_stay_readable(text: str) -> None:
    shown = next(csv.reader(io.StringIO(as_csv(["x"], [[text]]).decode("utf-8-sig").split("\r\n", 1)[1])))[0]
    assert shown[0] == "'"
    assert shown[1:].replace("\r\n", "\n") == text.replace("\r\n", "\n")


@pytest.mark.fault("F88")
@pytest.mark.parametrize(
    "number", ["+380501234567", "+380 50 123 4567", "-12.50", "+1", "108.02", "0501234567"]
)
def test_numbers_and_phone_numbers_are_not_broken(number: str) -> None:
    assert cell(number) == number
