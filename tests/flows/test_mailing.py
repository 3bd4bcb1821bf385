"""A mailing about tyres to 340 clients, by the practice Twilio, whose ledger judges."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from hub.kernel.context import UnitOfWork
from hub.modules.consents.api import ConsentEntry, ConsentsApi, ContactRules, Quiet, Subject
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry
from hub.modules.mailings import jobs
from hub.modules.mailings.api import Audience, MailingEntry, MailingsApi, MailingView
from hub.modules.messaging.api import MessageEntry, MessagingApi
from hub.settings import Settings
from tests.factories.site import token_of
from tests.faults.sms_shop import SmsShop, sms_shop
from tests.kernel.waiting import until
from tests.patience import within

pytestmark = [pytest.mark.slow, pytest.mark.sqlite, pytest.mark.timeout(180)]
NEVER = Quiet(begins="00:00", ends="00:00")
ANNA, BOHDAN = "person:anna", "person:bohdan"
GO, NOT_ASKED, WITHDRAWN, LANDLINES = 212, 60, 38, 30


@pytest.fixture
async def shop(settings: Settings, tmp_path: Path) -> AsyncIterator[SmsShop]:
    async with sms_shop(settings, tmp_path) as made:
        async with writing(made) as uow:
            consents = ConsentsApi(uow, made.hub.installation.deps)
            rules = ContactRules(service=NEVER, marketing=NEVER, rests_on_sunday=False)
            await consents.gate.set_rules(rules)
        await clients(made)
        yield made


def writing(shop: SmsShop, actor: str | None = ANNA) -> AbstractAsyncContextManager[UnitOfWork]:
    installation = shop.hub.installation
    return installation.transactions.writing(actor=actor, shop_id=installation.default_shop)


def number_of(place: int) -> str:
    fixed = place >= GO + NOT_ASKED + WITHDRAWN
    return f"+38044{2000000 + place}" if fixed else f"+38050{3000000 + place}"


async def clients(shop: SmsShop) -> None:
    """340, of whom 212 have agreed, 60 were never asked, 38 have withdrawn, 30 have a landline only."""
    deps = shop.hub.installation.deps
    for begin in range(0, GO + NOT_ASKED + WITHDRAWN + LANDLINES, 85):
        async with writing(shop) as uow:
            crm, ledger = CrmApi(uow, deps), ConsentsApi(uow, deps).ledger
            for place in range(begin, begin + 85):
                phone = PhoneEntry(number=number_of(place), is_main=True)
                made = await crm.create_client(
                    ClientEntry(name=f"Client {place}", phones=(phone,), segments=("tyres",))
                )
                if GO <= place < GO + NOT_ASKED:
                    continue
                said = ConsentEntry(
                    subject=Subject(client_id=made.id), topic="marketing", act="granted", form="signature",
                    evidence="sheet", source="desk",
                )  # fmt: skip
                await ledger.record(said)
                if GO + NOT_ASKED <= place < GO + NOT_ASKED + WITHDRAWN:
                    await ledger.choose(Subject(client_id=made.id), "marketing_off")
    await shop.worked(60)


async def view(shop: SmsShop, mailing_id: str) -> MailingView:
    installation = shop.hub.installation
    async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        return await MailingsApi(uow, installation.deps).reading.one(mailing_id)


async def drafted(shop: SmsShop) -> MailingView:
    """Anna's, counted."""
    deps = shop.hub.installation.deps
    entry = MailingEntry(
        title="Tyres", text="{name}: пора міняти шини", channels=("sms",),
        audience=Audience(segment="tyres"), pace=600,
    )  # fmt: skip
    async with writing(shop) as uow:
        drafts = MailingsApi(uow, deps).drafts
        made = await drafts.create(entry, "Anna")
        run_id = await deps.jobs.enqueue(uow, jobs.count, {"mailing_id": made.id})
        await drafts.counts(made.id, run_id)

    async def is_counted() -> bool:
        return (await view(shop, made.id)).is_counted

    await until(is_counted, 60)
    return await view(shop, made.id)


async def approved(shop: SmsShop, mailing_id: str) -> None:
    deps = shop.hub.installation.deps
    async with writing(shop) as uow:
        await MailingsApi(uow, deps).flow.submit(mailing_id, None, None)
    async with writing(shop, BOHDAN) as uow:
        flow = MailingsApi(uow, deps).flow
        await flow.approve(mailing_id, None, None, by=BOHDAN, name="Bohdan", is_alone=False)


async def test_a_mailing_to_340_stops_at_57_and_whoever_leaves_is_still_told_that_the_car_is_ready(
    shop: SmsShop,
) -> None:
    account = shop.twilio.account
    made = await drafted(shop)
    assert (made.sums.size, made.sums.going, made.sums.skipped) == (340, GO, 340 - GO)
    assert made.reasons == {"no_consent": NOT_ASKED, "withdrawn": WITHDRAWN, "landline": LANDLINES}
    await approved(shop, made.id)

    async def has_begun() -> bool:
        return len(account.sent()) >= 20

    await until(has_begun, 60)
    began = time.monotonic()
    await shop.queue("The answer to a question", to=number_of(GO))  # live talk goes before the mailing

    async def is_answered() -> bool:
        return any(one.body == "The answer to a question" for one in account.sent())

    await until(is_answered, 10)
    assert time.monotonic() - began < within(2)

    def gone() -> int:
        return sum("шини" in one.body for one in account.sent())

    async def is_at_57() -> bool:
        return gone() >= 57

    await until(is_at_57, 60)
    token = await token_of(shop.hub)
    headers = {"Authorization": f"Bearer {token}"}
    async with shop.http.post(f"{shop.url}/api/v1/mailings/{made.id}/stop", headers=headers) as answer:
        assert answer.status == 200
    at_stop = gone()

    async def is_over() -> bool:
        return (await view(shop, made.id)).sums.open == 0

    await until(is_over, 10)
    await asyncio.sleep(3)  # another batch would have left by now
    stopped = await view(shop, made.id)
    assert stopped.state == "stopped"
    assert 57 <= at_stop <= gone() < GO
    assert gone() - at_stop <= 25  # what was on the wire
    sums = stopped.sums
    assert (sums.sent + sums.failed + sums.unknown, sums.size) == (gone(), 340)
    assert sums.sent + sums.stopped == GO
    receivers = [one.to for one in account.sent() if "шини" in one.body]
    assert len(receivers) == len(set(receivers))
    await leaves(shop, receivers[0])


async def leaves(shop: SmsShop, number: str) -> None:
    """One of them answers STOP: no mailing any more, but what they wait for arrives."""
    _, status = await shop.twilio.write(number, "+380441234567", "СТОП")
    assert status == 200
    await shop.worked(30)
    second = await drafted(shop)
    assert second.reasons["withdrawn"] == WITHDRAWN + 1
    deps = shop.hub.installation.deps
    async with writing(shop, None) as uow:
        entry = MessageEntry(text="Готова 17:00", channel="sms", address=number, purpose="service")
        await MessagingApi(uow, deps).queue_message(entry)

    async def has_arrived() -> bool:
        return any((one.to, one.body) == (number, "Готова 17:00") for one in shop.twilio.account.sent())

    await until(has_arrived, 10)
