"""By which channel somebody is written to, and by which one it came to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from hub.clock import FrozenClock
from hub.errors import Invalid
from hub.events.messages import MessageStatusChanged
from hub.kernel.context import WorkerContext
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry
from hub.modules.messaging.asking import Asker
from hub.ports.errors import TransientError
from hub.ports.messaging import Channel, SentMessage
from tests.modules.messaging.wire import IRYNA, SMS, TELEGRAM, House, Wire, status, wrote

MAIL = "Iryna@Client.Example"
VIBER = replace(SMS, name="viber", account="Shop", can_reply=False, falls_to="sms")
EMAIL = Channel(
    name="email", account="shop@shop.example", can_reply=False, can_buttons=False, can_media=True,
    can_write_first=True, longest=10_000, per_second=1000.0, per_chat=0.0, replies_to="desk@shop.example",
)  # fmt: skip


@dataclass
class AskedWire(Wire):
    """A wire whose provider is asked how far messages have come."""

    asks_every: float = 20.0
    rounds: list[list[str]] = field(default_factory=list)
    silent: bool = False

    async def ask(self, messages: Sequence[SentMessage]) -> None:
        self.rounds.append([one.provider_id for one in messages])
        if self.silent:
            raise TransientError("The provider does not answer.")


@pytest.fixture
def wire() -> Wire:
    carried = {one.name: one for one in (SMS, TELEGRAM, VIBER, EMAIL)}
    return AskedWire(carried=carried)


async def client(
    house: House, *, phones: tuple[str, ...] = (IRYNA,), emails: tuple[str, ...] = (MAIL,)
) -> str:
    async with house.uow() as uow:
        entry = ClientEntry(
            name="Iryna", phones=tuple(PhoneEntry(number=one) for one in phones), emails=emails
        )
        return (await CrmApi(uow, house.hub.installation.deps).create_client(entry)).id


async def ways(house: House, client_id: str) -> list[tuple[str, str]]:
    async with house.api() as api:
        return [(way.channel, way.address) for way in await api.ways(client_id)]


async def test_a_client_with_an_address_is_offered_e_mail_after_the_phone(house: House) -> None:
    somebody = await client(house)
    assert await ways(house, somebody) == [
        ("viber", IRYNA), ("sms", IRYNA), ("email", MAIL.lower()),
    ]  # fmt: skip
    only_mail = await client(house, phones=(), emails=("oleh@client.example",))
    assert await ways(house, only_mail) == [("email", "oleh@client.example")]


async def test_a_letter_does_not_make_e_mail_the_best_way(house: House) -> None:
    somebody = await client(house)
    await house.queue("Рахунок", channel="email", address=None, client_id=somebody)
    assert [name for name, _ in await ways(house, somebody)] == ["viber", "sms", "email"]
    await house.tell(wrote())
    assert [name for name, _ in await ways(house, somebody)] == ["sms", "viber", "email"]


async def test_the_page_is_told_where_answers_go(house: House) -> None:
    somebody = await client(house)
    async with house.api() as api:
        said = {way.channel: way for way in await api.ways(somebody)}
    assert said["email"].replies_to == "desk@shop.example"
    assert (said["viber"].falls_to, said["viber"].can_reply) == ("sms", False)


@pytest.mark.parametrize("address", ["olena", "a@b", "a b@c.de", "a@c.de\nBcc: x@y.z", "<a@c.de>", "@c.de"])
@pytest.mark.one_on_postgres
async def test_what_is_no_address_is_said(house: House, address: str) -> None:
    with pytest.raises(Invalid) as told:
        await house.queue("x", channel="email", address=address)
    assert told.value.code == "messaging.address"


async def test_subject_and_the_way_out_go_along_with_a_letter(house: House, wire: Wire) -> None:
    await house.queue(
        "Знижка", channel="email", address=MAIL, subject="Шини", unsubscribe_url="https://shop.example/c/x"
    )
    await house.sent()
    [letter] = wire.ledger
    assert (letter.subject, letter.unsubscribe_url) == ("Шини", "https://shop.example/c/x")
    assert letter.address == MAIL.lower()


def by(channel: str, state: str, provider_id: str, carried_by: str) -> MessageStatusChanged:
    return MessageStatusChanged(
        channel=channel, provider_id=provider_id, state=state, carried_by=carried_by  # type: ignore[arg-type]
    )  # fmt: skip


async def test_it_is_seen_by_which_channel_it_came(house: House) -> None:
    text = "Авто готове, " * 10
    fell, stayed = await house.queue(text, channel="viber"), await house.queue(text, channel="viber")
    for _ in range(2):
        await house.sent()
    await house.tell(by("viber", "delivered", f"SM{fell.id}", "sms"))
    await house.tell(by("viber", "delivered", f"SM{stayed.id}", "viber"))
    fell, stayed = await house.message(fell.id), await house.message(stayed.id)
    assert (fell.state, fell.carried_by, fell.parts) == ("delivered", "sms", 2)
    assert (stayed.state, stayed.carried_by) == ("delivered", "")


async def test_what_is_told_before_the_id_is_known_keeps_its_channel(house: House, wire: Wire) -> None:
    message = await house.queue("Готово", channel="viber")
    await house.tell(by("viber", "delivered", f"SM{message.id}", "sms"), times=1)
    await house.sent()
    message = await house.message(message.id)
    assert (message.state, message.carried_by) == ("delivered", "sms")


def asker(house: House) -> Asker:
    return Asker(
        WorkerContext(
            transactions=house.hub.transactions, deps=house.hub.installation.deps, shop_id=FIRST_SHOP,
            work=asyncio.Event(), log=get_logger("test"),
        )
    )  # fmt: skip


async def test_only_what_is_on_its_way_is_asked_for_and_not_at_once_again(
    house: House, wire: AskedWire, frozen_clock: FrozenClock
) -> None:
    messages = [await house.queue(f"{n}", address=f"+38050123000{n}") for n in range(3)]
    await house.sent()
    await house.tell(status("delivered", f"SM{messages[0].id}"))
    one = asker(house)
    assert await one.step() == 2
    assert await one.step() == 0
    assert set(wire.rounds[0]) == {f"SM{message.id}" for message in messages[1:]}
    wire.is_up = False
    assert await asker(house).step() == 0
    wire.is_up, wire.silent = True, True
    assert await asker(house).step() == 2, "a provider that does not answer ends nothing"
    frozen_clock.advance(timedelta(days=4).total_seconds())
    assert await asker(house).step() == 0
