"""The table of rights makes its own tests: every page and operation of every manifest, for every role, on
own and other shops' objects; and every refusal, every vain question and every change has its entry.

A new module's routes are found by themselves. An object of another shop can only be asked for where
`World` knows how to make one: add a line there for a new kind.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import WSMsgType
from sqlalchemy import text

from hub.app import Hub
from hub.events.messages import MessageReceived
from hub.kernel.manifest import ROLES
from hub.kernel.web import PUBLIC, SIGNED_IN
from hub.main import MODULES
from hub.modules.access.api import AccessApi, PersonEntry, ShopEntry
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry, VehicleEntry
from hub.modules.messaging.api import MessageFilter, MessagingApi
from hub.modules.tasks.api import TaskEntry, TasksApi
from hub.modules.webhooks.api import EndpointEntry, WebhooksApi
from hub.ports.intake import Arrival
from hub.ports.live import Hint
from hub.values import ShopId
from tests.factories.calls import fact, snapshot, tell
from tests.faults.figures import Fault
from tests.patience import within
from tests.webui.stage import Shop
from tests.webui.test_rights import EVERY, GRANTS, SAME
from webui.hearing import topics_of
from webui.openapi import PREFIX

UNKNOWN = "0123456789abcdefghjkmnpqrs"
PHONE = "+380501234567"
KINDS = {
    "/calls/": "call", "/desk/calls/": "call", "/settings/people/": "person", "/employees/": "person",
    "/settings/shops/": "shop", "/settings/hours/": "shop", "/settings/tokens/": "token",
    "/clients/": "client", "/vehicles/": "vehicle", "/settings/lines/": "line", "/lines/": "line",
    "/settings/webhooks/": "webhook", "/webhooks/": "webhook", "/shops/": "shop", "/tasks/": "task",
    "/inbox/": "conversation", "/conversations/": "conversation", "/inbox/messages/": "message",
    "/messages/": "message",
}  # fmt: skip
VALID: Mapping[str, Mapping[str, Any]] = {
    "calls.change_call": {"client_id": None},
    "calls.create_note": {"text": "x"},
    "desk.dismiss": {"stage": "ringing"},
    "messaging.send_message": {"template": UNKNOWN},
    "backup.release_quarantine": {"waiting": "drop"},
    "tasks.answer_task": {"is_reached": False},
    "tasks.close_task": {"reason": "done"},
}
"""What makes a request good, for those that look at it before they look for the object."""
NAMES_ANOTHER = {"crm.merge", "crm.are_two", "messaging.send_message"}
"""Requests that name a second object, which is not given here."""
BY_ROLE = pytest.mark.parametrize(
    "role",
    [
        role
        if role in ("owner", "receptionist", "mechanic")
        else pytest.param(role, marks=pytest.mark.sqlite)
        for role in ROLES
    ],
)
"""What a role may is decided before any SQL: on PostgreSQL three roles stand for all."""
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Cell:
    """One request: `whose` is `none` where the address names no object."""

    name: str
    method: str
    path: str
    right: str
    is_api: bool
    whose: str
    object_id: str
    is_noted: bool
    takes_second: bool
    is_quiet: bool


@dataclass
class World:
    """Two shops with an object of each kind, by kind; clients and cars are every shop's."""

    own: dict[str, str] = field(default_factory=dict)
    other: dict[str, str] = field(default_factory=dict)


async def _world(hub: Hub) -> World:
    world, installation = World(), hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        entry = ShopEntry(name="Other", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
        other = (await AccessApi(uow, installation.deps).shops.create(entry)).id
        phones = (PhoneEntry(number=PHONE, is_main=True),)
        client = await CrmApi(uow, installation.deps).create_client(ClientEntry(name="Iryna", phones=phones))
        car = VehicleEntry(plate="AA1234BB", client_id=client.id)
        world.own["client"] = client.id
        world.own["vehicle"] = (await CrmApi(uow, installation.deps).create_vehicle(car)).id
    for shop, made, number in ((installation.default_shop, world.own, 1), (other, world.other, 2)):
        async with installation.transactions.writing(actor=None, shop_id=shop) as uow:
            access = AccessApi(uow, installation.deps)
            person = PersonEntry(name=f"Worker {number}", role="mechanic", mobile=f"+38067111223{number}")
            made["person"] = (await access.people.create(person)).id
            line = CallsApi(uow, installation.deps).save_line(f"+38044500000{number}", "Line", "", shop)
            made["line"] = (await line).id
            hook = EndpointEntry(url=f"https://hook{number}.example/x", shop_id=str(shop))
            made["webhook"] = (await WebhooksApi(uow, installation.deps).endpoints.create(hook, None))[0].id
            todo = TaskEntry(shop_id=shop, title="Order the tyres")
            made["task"] = (await TasksApi(uow, installation.deps).doing.create(todo, None)).id
            write = MessageReceived(
                channel="sms", account=f"+38044500000{number}", address=f"+38067111222{number}",
                provider_id=f"IN{number}", text="x", written_at=installation.clock.now(),
            )  # fmt: skip
            made["token"] = (await access.tokens.create("till", "integration"))[0].id
        await hub.intake.accept(
            [Arrival(source="test", external_id=f"{number}", occurred_at=write.written_at, event=write)]
        )
        await hub.relay.work_off()
        async with installation.transactions.reading(actor=None, shop_id=shop) as uow:
            reading = MessagingApi(uow, installation.deps).reading
            (written,) = (
                await reading.messages(MessageFilter(shops=frozenset({shop})), cursor=None, limit=5)
            ).items
            made["message"], made["conversation"] = written.id, written.conversation_id
        made["shop"] = str(shop)
        made["call"] = f"b1:{number}.1"
        await tell(hub, fact(1, snapshot(made["call"])), shop_id=shop)
    return world


def _kind(path: str) -> str | None:
    if path.count("{") > 1:  # an object inside another one: asked for in vain only
        return None
    return next((kind for prefix, kind in KINDS.items() if path.startswith(prefix + "{")), None)


def _cells(world: World) -> Iterator[Cell]:
    for route in EVERY:
        if route.right == PUBLIC:
            continue
        is_api = hasattr(route, "summary")
        prefix = PREFIX if is_api else ""
        wanted: dict[str, str | None] = {"none": None}
        if "{" in route.path:
            kind = _kind(route.path) or ""
            wanted = {"unknown": UNKNOWN, "own": world.own.get(kind), "other": world.other.get(kind)}
        for whose, object_id in wanted.items():
            if whose == "none" or object_id is not None:
                path = re.sub(r"\{\w+[^}]*\}", object_id or "", route.path)
                yield Cell(
                    route.name,
                    route.method,
                    prefix + path,
                    route.right,
                    is_api,
                    whose,
                    object_id or "",
                    route.is_noted,
                    bool(route.second),
                    getattr(route, "is_quiet", False),
                )


def _is_an_end(cell: Cell) -> bool:
    """Whether it takes its object away: such come last."""
    return cell.method == "DELETE" or cell.path.rpartition("/")[2] in ("delete", "remove")


def _body(cell: Cell) -> dict[str, Any]:
    if cell.method == "GET":
        return {}
    return {"json" if cell.is_api else "data": VALID.get(cell.name, {})}


def _is_right(cell: Cell, role: str, status: int, said: str, of_unknown: int) -> bool:
    """What may come: 403 without the right; 404 for another shop's; else neither, and no fault of ours.
    A request that is wrong in itself may be told so, but for another's object like for one that is not."""
    grants = GRANTS[role]
    if cell.right != SIGNED_IN and cell.right not in grants:
        return status == 403
    if cell.whose == "other" and grants.get(cell.right) != "all":
        return status == 404 or status == of_unknown == 422
    if status == 403 and "second.needed" in said:
        return cell.takes_second
    if status in (500, 502, 504) or (
        status == 503 and not re.search("pbx|practice|PBX|АТС", cell.path + said)
    ):
        return False
    # A right to one's own calls does not reach this one, in which nobody has talked yet.
    is_nobodys = grants.get(cell.right) == "own" and cell.is_api and "/calls/" in cell.path
    may_be_missing = cell.whose == "unknown" or cell.name in NAMES_ANOTHER or is_nobodys
    return status not in (401, 403) and (status != 404 or may_be_missing)


def _is_noted(cell: Cell, status: int, outcomes: list[str]) -> bool:
    if status == 403:
        return outcomes == ["refused"]
    if status == 404:
        return outcomes == ["missing"]
    if status < 400:
        if cell.is_quiet:
            return outcomes == []
        return outcomes == ["done"] if cell.method != "GET" or cell.is_noted else outcomes == []
    return "done" not in outcomes


@pytest.mark.fault("T16")
@BY_ROLE
async def test_a_role_reaches_what_its_rights_say_and_nothing_else(
    shop: Shop, hub: Hub, role: str, fault: Fault
) -> None:
    world = await _world(hub)
    await shop.person("owner", "boss")
    person = await shop.signed_in(role, f"{role}1")
    token = {"Authorization": f"Bearer {await shop.token(role)}"}
    program = shop.browser()
    answered: dict[str, tuple[Cell, int]] = {}
    unknown: dict[str, int] = {}
    gone: set[str] = set()
    for cell in sorted(_cells(world), key=_is_an_end):
        if cell.object_id in gone:
            continue
        client, headers = (program, token) if cell.is_api else (person, SAME)
        answer = await client.request(
            cell.method, cell.path, headers=headers, allow_redirects=False, **_body(cell)
        )
        if _is_an_end(cell) and answer.status < 400:
            gone.add(cell.object_id)
        if cell.whose == "unknown":
            unknown[cell.name + cell.method] = answer.status
        of_unknown = unknown.get(cell.name + cell.method, 0)
        said = (await answer.read()).decode("utf-8", "replace")  # a bundle is no text
        right = _is_right(cell, role, answer.status, said, of_unknown)
        fault.check(f"{role}: {cell.method} {cell.path} of {cell.whose}: {answer.status}", right)
        answered[answer.headers["X-Request-Id"]] = (cell, answer.status)
    outcomes: dict[str, list[str]] = {request_id: [] for request_id in answered}
    for entry in await _everything(hub):
        if entry.request_id in outcomes:
            outcomes[entry.request_id].append(entry.outcome)
    for request_id, (cell, status) in answered.items():
        seen = outcomes[request_id]
        what = f"{role}: {cell.method} {cell.path} answered {status}, audit {seen}"
        fault.check(what, _is_noted(cell, status, seen))


async def _everything(hub: Hub) -> list[Any]:
    def work(connection: Any) -> list[Any]:
        return list(connection.execute(text("SELECT request_id, outcome FROM access_audit")))

    return await hub.database.read(work)


@pytest.mark.sqlite
@pytest.mark.fault("T16", "F93")
async def test_nobody_a_revoked_session_and_a_revoked_token_reach_nothing(
    shop: Shop, hub: Hub, fault: Fault
) -> None:
    world = await _world(hub)
    nobody, gone = shop.browser(), await shop.signed_in("owner")
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}

    def revoke(connection: Any) -> None:
        for table in ("access_sessions", "access_tokens"):
            connection.execute(text(f"UPDATE {table} SET revoked_at = '2026-01-01 00:00:00+00:00'"))

    await hub.database.write(revoke)
    shop.clock.advance(1)
    program = shop.browser()
    for cell in _cells(world):
        for who, client, headers in (
            ("nobody", nobody, SAME), ("a revoked session", gone, SAME), ("a revoked token", program, token),
        ):  # fmt: skip
            answer = await client.request(
                cell.method, cell.path, headers=headers, allow_redirects=False, **_body(cell)
            )
            is_led = answer.status == 303 and answer.headers["Location"].startswith("/login")
            what = f"{who}: {cell.method} {cell.path}: {answer.status}"
            fault.check(what, answer.status == 401 or (is_led and not cell.is_api))


@pytest.mark.fault("T16", "F97")
@pytest.mark.parametrize("role", ["mechanic", "cashier"])
async def test_no_page_shows_a_whole_phone_number_to_who_must_not_see_one(
    shop: Shop, hub: Hub, role: str, fault: Fault
) -> None:
    """Nine digits of a client's or a colleague's number, in any writing, in any page or answer."""
    world = await _world(hub)
    person = await shop.signed_in(role)
    token = {"Authorization": f"Bearer {await shop.token(role)}"}
    program = shop.browser()
    for cell in _cells(world):
        if cell.method == "GET":
            client, headers = (program, token) if cell.is_api else (person, SAME)
            answer = await client.get(cell.path, headers=headers)
            digits = re.sub(r"[^\d<>\n]", "", await answer.text(errors="replace"))
            is_hidden = "501234567" not in digits and "67111223" not in digits
            fault.check(f"{role}: {cell.path} shows a number", is_hidden)


@pytest.mark.fault("T16", "F96")
@BY_ROLE
async def test_a_socket_tells_only_of_topics_and_shops_that_the_role_may_see(
    shop: Shop, hub: Hub, role: str, fault: Fault
) -> None:
    topics = topics_of(MODULES)
    client = await shop.signed_in(role)
    origin = str(client.make_url("/")).rstrip("/")
    ws = await client.ws_connect("/live", headers={"Origin": origin})
    for topic in (*topics, "access", "no-such-topic"):
        for place in ("main", "elsewhere"):
            hub.live.publish(Hint(topic, place, 1, ShopId(place)))
    hub.live.publish(Hint("pbx", "the end", 1))
    heard: set[tuple[str, str]] = set()
    while ("pbx", "the end") not in heard:
        message = await asyncio.wait_for(ws.receive(), within(3))
        assert message.type is WSMsgType.TEXT
        said: Mapping[str, Any] = json.loads(message.data)
        heard.add((said["topic"], said["id"]))
    grants = {**GRANTS[role], SIGNED_IN: "shop"}
    for topic in (*topics, "access", "no-such-topic"):
        reach = grants.get(topics.get(topic, ""))
        fault.check(f"{role}: {topic}", ((topic, "main") in heard) == (reach is not None))
        fault.check(f"{role}: {topic} of another shop", (topic, "elsewhere") not in heard)


def test_every_address_with_an_object_is_of_a_known_kind_or_has_none() -> None:
    """What is left is asked for with an unknown id only; the list says which."""
    alone = {r.path for r in EVERY if "{" in r.path and _kind(r.path) is None}
    assert {"/account/sessions/{id}/end", "/system/dead/{id}/retry", "/system/practice/{name}"} <= alone
