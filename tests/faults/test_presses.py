"""Buttons of the bot pressed twice, by somebody else, with a payload that was tampered with. What people read
in their chats, by the practice Telegram's ledger, judges."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connectors.practice_telegram.world import Person
from hub.settings import Settings
from tests.factories.crm import make_car, make_client
from tests.faults.bot_shop import BotShop, bot_shop
from tests.faults.figures import Fault
from tests.kernel.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
CARS, EFFECT = "Мої авто", "Ваші авто"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def said_to(shop: BotShop, person: Person) -> list[dict[str, Any]]:
    """What stands in their chat, of the bot's."""
    return list(shop.telegram.world.of_bot(str(person.id)))


def effects(shop: BotShop, person: Person) -> list[str]:
    return [text for one in said_to(shop, person) if (text := str(one.get("text"))).startswith(EFFECT)]


async def with_a_button(shop: BotShop, number: int) -> tuple[Person, int, str]:
    """A client who is recognised: with the message and the payload of the button that shows their cars."""
    phone = f"+38050{3_000_000 + number}"
    client = await make_client(shop.hub, f"Client {number}", phone)
    await make_car(shop.hub, plate=f"AA{1000 + number}BB", make="Škoda", model="Octavia", client_id=client.id)
    person = shop.telegram.world.person(10_000 + number, f"p{number}", phone)
    shop.telegram.people.start(person)
    shop.telegram.people.share(person)

    async def is_known() -> bool:
        return any(str(one.get("text")).startswith("Дякуємо, тепер") for one in said_to(shop, person))

    await until(is_known, 60.0)
    thanks = next(one for one in said_to(shop, person) if str(one.get("text")).startswith("Дякуємо, тепер"))
    rows = thanks["reply_markup"]["inline_keyboard"]
    payload = next(str(row[0]["callback_data"]) for row in rows if row[0]["text"] == CARS)
    return person, int(thanks["message_id"]), payload


def tampered(payload: str, others: Sequence[str], chance: Random) -> str:
    """Another payload than the one that was made, or one that was made for another chat."""
    place = chance.randrange(len(payload))
    ways = (
        payload[:place] + chance.choice(LETTERS.replace(payload[place], "")) + payload[place + 1 :],
        payload[:place], payload + chance.choice(LETTERS), payload[::-1], payload.swapcase(),
        "".join(chance.choices(LETTERS, k=len(payload))), chance.choice(others),
        "../../", "' OR 1=1 --", "\x00", "😀" * 16,
    )  # fmt: skip
    return chance.choice(ways)


@pytest.mark.fault("F42")
async def test_a_press_has_the_effect_that_was_meant_once_and_no_other(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    async with bot_shop(settings, tmp_path) as shop:
        count = fault.count(full=20, sample=2)
        made = [await with_a_button(shop, number) for number in range(count)]
        payloads = [payload for _, _, payload in made]
        people = shop.telegram.people
        for place, (person, message_id, payload) in enumerate(made):
            others = payloads[:place] + payloads[place + 1 :]
            for _ in range(10):
                bad = tampered(payload, others, fault.random(place, _))
                people.press(person, message_id, bad)
        await _read(shop, [person for person, _, _ in made], 10)
        for person, _, _ in made:
            fault.check(f"{person.name} got {effects(shop, person)}", effects(shop, person) == [])
        for person, message_id, payload in made:
            for _ in range(3):
                people.press(person, message_id, payload)
        await _read(shop, [person for person, _, _ in made], 13)
        for number, (person, _, _) in enumerate(made):
            found = effects(shop, person)
            fault.check(f"{person.name} got {found}", len(found) == 1 and f"AA{1000 + number}BB" in found[0])
        fault.figures.runs += count * 13


async def _read(shop: BotShop, people: Sequence[Person], presses: int) -> None:
    """Until so many presses of each have been answered in words, and the bot has nothing to say any more."""
    await shop.worked(120.0)

    async def is_silent() -> bool:
        return all(row.state == "sent" for row in await shop.ours())

    await until(is_silent, 60.0 + 3.0 * presses)
    await asyncio.sleep(0.2)
    assert all(len(said_to(shop, person)) > 1 for person in people)
