"""Puts the demo shop's data into a database through the modules' own doors. Run twice, it is the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.cli.demo.clients import DemoClient, demo_clients, is_mobile
from hub.cli.demo.conversations import past_messages
from hub.cli.demo.history import DAYS, PastCall, past_calls
from hub.cli.demo.mailings import fill_mailings
from hub.cli.demo.messages import TYRES, fill_messages, fill_rules
from hub.cli.demo.people import HOURS, LINES, SHOP_ADDRESS, SHOP_NAME, SHOP_POINT, WORKERS
from hub.cli.demo.sound import leave_sound
from hub.errors import NotFound, Unavailable
from hub.events.calls import CallEnded
from hub.kernel.context import Apis, UnitOfWork
from hub.kernel.installation import Installation
from hub.modules.access.api import AccessApi, ShopEntry, Span, hash_password
from hub.modules.autotexts.api import AutoTextsApi
from hub.modules.calls.api import CallsApi, LineEntry
from hub.modules.consents.api import ConsentsApi
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry, VehicleEntry
from hub.modules.mailings.api import MailingsApi
from hub.modules.messaging.api import MessagingApi
from hub.values import CallId, normalise_number

_LAST_STEP = 1_000_000
_PATIENCE = 3000
_MAILED_AFTER = timedelta(hours=2)
"""Of the begin of the week of calls: some of the clients then call."""
_BORN = 12
"""So many of the first clients have told their birthday."""
_FIRST_CALL = CallId("demo-0001")


async def is_filled(installation: Installation) -> bool:
    """Whether the last thing that is put in, the notes, is there."""
    begun = await _week_begun(installation)
    if begun is None:
        return False
    noted = _noted(_history(installation, begun))
    async with _reading(installation) as apis:
        return bool(await apis.of(CallsApi).notes([noted[-1].call.call_id]))


async def fill(installation: Installation, password: str) -> None:
    """People, lines, clients with cars, past calls, sound, notes; what is there already stays as it is."""
    password_hash = await hash_password(password)
    async with _writing(installation) as (uow, apis):
        await _shop(apis.of(AccessApi), installation)
        await _people(apis.of(AccessApi), password_hash)
        await _lines(apis.of(CallsApi), uow)
        await _clients(apis.of(CrmApi), _today(installation))
        if MessagingApi in installation.apis:
            await fill_messages(apis.of(MessagingApi))
    await _rest(installation)
    history = _history(installation, await _week_begun(installation))
    async with _writing(installation) as (uow, _):
        for past in history:
            fact = CallEnded(step=_LAST_STEP, call=past.call)
            uow.publish(fact, occurred_at=past.call.ended_at, external_id=past.call.call_id)
        if MessagingApi in installation.apis:
            for said in past_messages(history, _mobiles(installation)):
                uow.publish(said, occurred_at=said.written_at, external_id=said.provider_id)
    await _rest(installation)
    if {MailingsApi, ConsentsApi} <= installation.apis:
        async with _writing(installation) as (_, apis):
            await fill_mailings(apis, history[0].call.started_at + _MAILED_AFTER)
    spool = installation.settings.recordings.spool
    if spool:
        await asyncio.to_thread(leave_sound, Path(spool), history)
    async with _writing(installation) as (_, apis):
        await fill_rules(apis.of(AutoTextsApi))
        await _notes(apis.of(CallsApi), _noted(history))


async def _shop(access: AccessApi, installation: Installation) -> None:
    shop_id, wanted = installation.default_shop, installation.settings.shop
    name = wanted.name or SHOP_NAME
    if (await access.shop(shop_id)).address != SHOP_ADDRESS:
        entry = ShopEntry(
            name=name, address=SHOP_ADDRESS, country=wanted.country, timezone=wanted.timezone,
            currency=wanted.currency, language=wanted.language, latitude=SHOP_POINT[0],
            longitude=SHOP_POINT[1],
        )  # fmt: skip
        await access.shops.change(shop_id, entry)
        hours = {day: [Span(opens=opens, closes=closes)] for day, (opens, closes) in HOURS.items()}
        await access.shops.set_hours(shop_id, hours, [])


async def _people(access: AccessApi, password_hash: str) -> None:
    known = {person.login for person in await access.list_people()}
    for worker in WORKERS:
        if worker.login not in known:
            await access.create_person(
                worker.name, worker.role, extensions=worker.extensions, mobile=worker.mobile,
                login=worker.login, password_hash=password_hash, is_one_time=False,
            )  # fmt: skip


async def _lines(calls: CallsApi, uow: UnitOfWork) -> None:
    known = await calls.lines_by_number([line.number for line in LINES])
    for line in LINES:
        if line.number not in known:
            entry = LineEntry(
                number=line.number, name=line.name, shop_id=uow.shop_id, source=line.source,
                capacity=line.capacity, trunk=line.trunk,
            )  # fmt: skip
            await calls.numbers.save(entry, None)


async def _clients(crm: CrmApi, today: date) -> None:
    """Some have their birthday these days, and some leave their tyres here."""
    for place, client in enumerate(demo_clients()):
        if not (await crm.caller(client.phones[0][0])).candidates:
            born = today.replace(year=1970 + place, day=min(today.day, 28)) + timedelta(days=place - 5)
            is_told = client.kind == "person" and client.relation == "client" and place < _BORN
            await _client(crm, client, birthday=born.isoformat() if is_told else "", has_tyres=place % 3 < 2)


async def _client(crm: CrmApi, client: DemoClient, *, birthday: str, has_tyres: bool) -> None:
    phones = tuple(
        PhoneEntry(number=number, label=label, is_main=place == 0)
        for place, (number, label) in enumerate(client.phones)
    )
    # Companies want their papers by e-mail; nothing of it leaves this computer.
    emails = (f"office{client.phones[0][0][-4:]}@client.example",) if client.kind == "company" else ()
    entry = ClientEntry(
        kind=client.kind, relation=client.relation, name=client.name, phones=phones, note=client.note,
        emails=emails, birthday=birthday,
        segments=(TYRES,) if has_tyres and client.relation == "client" else (),
    )  # fmt: skip
    made = await crm.create_client(entry)
    for car in client.cars:
        await crm.create_vehicle(
            VehicleEntry(
                plate=car.plate, make=car.make, model=car.model, year=car.year, client_id=made.id
            )
        )  # fmt: skip


async def _notes(calls: CallsApi, noted: list[PastCall]) -> None:
    present = await calls.notes([past.call.call_id for past in noted])
    for past in noted:
        if not present.get(past.call.call_id):
            await calls.add_note(past.call.call_id, past.note, author_name=past.author)


def _today(installation: Installation) -> date:
    return installation.clock.now().astimezone(ZoneInfo(installation.settings.shop.timezone)).date()


def _history(installation: Installation, begun: datetime | None) -> list[PastCall]:
    """The week that was put in when it `begun`; the week before today for an empty database."""
    shop = installation.settings.shop
    zone = ZoneInfo(shop.timezone)
    today = _today(installation)
    if begun is not None:
        today = begun.astimezone(zone).date() + timedelta(days=DAYS)
    return list(past_calls(demo_clients(), today, zone, shop.country))


def _mobiles(installation: Installation) -> frozenset[str]:
    """Of clients, by whom one is written to."""
    numbers = (
        normalise_number(number, installation.settings.shop.country) or ""
        for client in demo_clients()
        if client.relation == "client"
        for number, _ in client.phones
    )
    return frozenset(number for number in numbers if is_mobile(number))


def _noted(history: list[PastCall]) -> list[PastCall]:
    return [past for past in history if past.note]


async def _week_begun(installation: Installation) -> datetime | None:
    """When the first past call was, if the calls are in the database."""
    async with _reading(installation) as apis:
        try:
            return (await apis.of(CallsApi).call(_FIRST_CALL)).started_at
        except NotFound:
            return None


async def _rest(installation: Installation) -> None:
    """Wait until the handlers have done what the facts ask of them."""
    for _ in range(_PATIENCE):
        if not (await installation.system.report()).pending_deliveries:
            return
        await asyncio.sleep(0.02)
    raise Unavailable(
        "demo.not_filled", "The sample data could not be put in: the relay stands still.",
        "Look at the log above; delete var/demo to begin anew.",
    )  # fmt: skip


@asynccontextmanager
async def _writing(installation: Installation) -> AsyncIterator[tuple[UnitOfWork, Apis]]:
    transactions, shop = installation.transactions, installation.default_shop
    async with transactions.writing(actor=None, shop_id=shop) as uow:
        yield uow, _apis(installation, uow)


@asynccontextmanager
async def _reading(installation: Installation) -> AsyncIterator[Apis]:
    transactions, shop = installation.transactions, installation.default_shop
    async with transactions.reading(actor=None, shop_id=shop) as uow:
        yield _apis(installation, uow)


def _apis(installation: Installation, uow: UnitOfWork) -> Apis:
    return Apis(uow, installation.deps, installation.apis)
