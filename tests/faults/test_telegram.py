"""Telegram's updates repeated, late, forged; what goes out to chats that are closed or slow. The practice
Telegram's ledger judges."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.practice_telegram.world import World
from connectors.telegram.speech import PARTLY, PERHAPS_PARTLY
from hub.clock import FrozenClock
from hub.modules.messaging.api import PlaceView
from hub.settings import Settings
from tests.connectors.telegram.stage import IRYNA, SECRET, TOKEN, sample
from tests.faults.bot_shop import BotShop, bot_shop
from tests.faults.figures import Fault

pytestmark = pytest.mark.slow
WRONG = (None, "", "x", SECRET[:-1], SECRET + "x", SECRET.upper(), "a" * 7_000)


@pytest.mark.fault("F37")
async def test_an_update_that_comes_a_hundred_times_is_one_message(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    async with bot_shop(settings, tmp_path, by_webhook=True) as shop:
        numbers = range(fault.count(full=100, sample=3))
        for number in numbers:
            update = sample("text") | {"update_id": 5000 - number}
            update["message"] = update["message"] | {"message_id": 100 + number, "text": f"n{number}"}
            answers = await asyncio.gather(*(shop.bring(update) for _ in range(100)))
            fault.check(f"{number} was answered {set(answers)}", set(answers) == {200})
        await shop.worked(120)
        found = await shop.messages()
        fault.measure("doubled", sum(count - 1 for count in found.values()), 0)
        fault.measure("lost", len(numbers) - len(found), 0)


@pytest.mark.fault("F43")
async def test_whoever_does_not_know_the_secret_is_refused(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    async with bot_shop(settings, tmp_path, by_webhook=True) as shop:
        by_chance = [chance.randbytes(24).hex() for chance in fault.runs(full=40, sample=2)]
        for secret in (*WRONG, *by_chance):
            status = await shop.bring(sample("text"), secret)
            fault.check(f"{secret} was answered {status}", status == 401)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(shop.url.rsplit(":", 1)[1]))
        writer.write(
            b"POST /hooks/telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n"
            b"X-Telegram-Bot-Api-Secret-Token: \xff\xfe\xd1\x81\r\n\r\n{}"
        )
        head = (await reader.read()).split(b"\r\n")[0]
        writer.close()
        fault.check(f"no text was answered {head!r}", b" 401 " in head)
        await shop.worked()
        fault.measure("accepted", sum((await shop.messages()).values()), 0)
        assert await shop.bring(sample("text")) == 200


async def test_with_long_polling_the_address_believes_nobody(settings: Settings, tmp_path: Path) -> None:
    async with bot_shop(settings, tmp_path) as shop:
        assert {await shop.bring(sample("text"), secret) for secret in (*WRONG, SECRET)} == {401}


@pytest.mark.fault("F39")
@pytest.mark.parametrize(("hours", "is_told"), [(23, False), (25, True)])
async def test_a_silence_of_more_than_a_day_stands_on_the_page(
    settings: Settings, tmp_path: Path, hours: int, is_told: bool
) -> None:
    clock = FrozenClock(datetime(2026, 1, 5, 7, 0, tzinfo=UTC))
    world = World(TOKEN, clock)
    async with bot_shop(settings, tmp_path, world=world, clock=clock) as shop:
        shop.telegram.people.write(world.people[IRYNA], "heard")
        await _until_heard(shop, 1)
    shop.telegram.people.write(world.people[IRYNA], "nobody listens")
    clock.advance(hours * 3600)
    async with bot_shop(settings, tmp_path, world=world, clock=clock) as shop:
        shop.telegram.people.write(world.people[IRYNA], "heard again")
        await _until_heard(shop, 2 if is_told else 3)
        details = shop.hub.supervisor.health()["telegram"].details
        assert ("lost_since" in details) is is_told


async def _until_heard(shop: BotShop, count: int) -> None:
    end = asyncio.get_running_loop().time() + 30
    while len(await shop.messages()) < count:
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.02)
    await shop.worked()


@pytest.mark.fault("F40")
async def test_a_429_stops_the_whole_bot_and_then_all_goes_on_in_order(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    async with bot_shop(settings, tmp_path) as shop:
        world = shop.telegram.world
        for number in range(3):
            world.person(700 + number, f"p{number}")
            shop.telegram.people.write(world.people[700 + number], "hi")
        await _until_heard(shop, 1)
        await shop.worked()
        world.retry_after, late, rounds = 3, 0, fault.count(full=20, sample=1)
        for turn in range(rounds):
            world.mischief.append("429")
            for number in range(2):
                for person in range(3):
                    await shop.queue(f"{turn}.{number}", 700 + person)
            await shop.ended("sent", count=6 * (turn + 1), seconds=60)
            slowed = _seconds(world, "slowed")
            asked = _seconds(world, "during_penalty", since=slowed[turn])
            # What was on its way when the answer came cannot be called back.
            late += sum(0.5 < seconds < 3 for seconds in asked)
            for person in range(3):
                texts = [one["text"] for one in world.of_bot(str(700 + person))][2 * turn :]
                fault.check(f"{person} got {texts}", texts == [f"{turn}.0", f"{turn}.1"])
            fault.check(f"{len(slowed)} silences", len(slowed) == turn + 1)
        fault.measure("asked during the silence", late, 0)


def _seconds(world: World, what: str, since: float = 0.0) -> list[float]:
    return [datetime.fromisoformat(one["at"]).timestamp() - since for one in world.noted(what)]


@pytest.mark.fault("F41")
async def test_a_closed_chat_and_a_long_text_leave_nothing_stuck(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    async with bot_shop(settings, tmp_path) as shop:
        world = shop.telegram.world
        iryna = world.people[IRYNA]
        shop.telegram.people.write(iryna, "hi")
        await _until_heard(shop, 1)
        for turn, chance in enumerate(fault.runs(full=20, sample=1), 1):
            words = chance.choice(["слово ", "<i>a</i> ", "*a* _b_ ", "&amp; `x` "])
            await shop.queue(f"{turn} я <b>" + words * (900 * 6 // len(words)))
            rows = await shop.ended("sent", count=2 * turn)
            fault.check("split", all(len(row.text) <= 4096 for row in rows) and len(rows) >= 2 * turn)
            fault.check("no markup", not any(one["parse_mode"] for one in world.noted("sent")))
            iryna.has_blocked = True
            await shop.queue(f"to nobody {turn}")
            rows = await shop.ended("failed", count=turn)
            fault.check(f"told {rows[-1].error!r}", "blocked" in rows[-1].error)
            fault.check("stuck", not any(row.state in ("queued", "sending") for row in rows))
            fault.check("once", shop.sent.count(f"to nobody {turn}") == 0)
            iryna.has_blocked = False
            shop.telegram.people.write(iryna, f"here again {turn}")
            await _until_heard(shop, turn + 1)
        rows = await shop.ours()
        fault.measure("stuck", sum(row.state in ("queued", "sending") for row in rows), 0)


@pytest.mark.fault("F45")
@pytest.mark.parametrize("mischief", ["lost", "502"])
async def test_what_was_not_seen_to_arrive_is_left_to_a_person(
    settings: Settings, tmp_path: Path, fault: Fault, mischief: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.modules.messaging.service_sending.ASK_AFTER", (0.1, 0.1, 0.1))
    async with bot_shop(settings, tmp_path) as shop:
        shop.telegram.people.write(shop.telegram.world.people[IRYNA], "hi")
        await _until_heard(shop, 1)
        shop.telegram.world.mischief.append(mischief)
        await shop.queue("once at most")
        rows = await shop.ended("unknown")
        await asyncio.sleep(1.0)  # it is not sent again, however long one waits
        fault.check("parked", [row.state for row in rows] == ["unknown"])
        fault.check("never twice", len(shop.sent) == (1 if mischief == "lost" else 0))


@pytest.mark.fault("F45")
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("mischief", "why"), [("lost", PERHAPS_PARTLY), ("502", PERHAPS_PARTLY), ("429", PARTLY)]
)
async def test_a_message_of_which_only_a_part_went_out_waits_for_a_person_with_the_reason(
    settings: Settings, tmp_path: Path, fault: Fault, mischief: str, why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("hub.modules.messaging.service_sending.ASK_AFTER", (0.1, 0.1, 0.1))
    monkeypatch.setattr("connectors.telegram.speech._PATIENCE", 0.5)
    async with bot_shop(settings, tmp_path) as shop:
        world = shop.telegram.world
        shop.telegram.people.write(world.people[IRYNA], "hi")
        await _until_heard(shop, 1)
        world.retry_after, words = 1, []
        for number in range(fault.count(full=20, sample=1)):
            words.append(f"Адреса {number}")
            world.mischief.extend(["", mischief])
            await shop.queue(words[-1], place=PlaceView(latitude=50.45, longitude=30.52))
            rows = await shop.ended("unknown", count=number + 1)
            await asyncio.sleep(1.2 if mischief == "429" else 0.3)  # it is not sent again meanwhile
            fault.check(f"{number}: {rows[-1]}", (rows[-1].state, rows[-1].error) == ("unknown", why))
        begun = [text for text in shop.sent if text]
        fault.measure("doubled", len(begun) - len(set(begun)), 0)
        fault.measure("lost", len(set(words) - set(begun)), 0)
        points = len(shop.sent) - len(begun)
        fault.measure("second parts that went out unseen", points, len(words) if mischief == "lost" else 0)


async def test_the_shops_own_account_and_the_bot_are_one_thread(settings: Settings, tmp_path: Path) -> None:
    async with bot_shop(settings, tmp_path) as shop:
        people, world = shop.telegram.people, shop.telegram.world
        owner, iryna = world.person(601, "Oleh"), world.people[IRYNA]
        business = people.connect(owner)
        people.write(iryna, "to the bot")
        people.write_to(business, iryna, "to the owner")
        people.write_to(business, iryna, "typed on the phone", is_ours=True)
        await _until_heard(shop, 2)
        await shop.ended("sent")
        await shop.queue("by us")
        rows = await shop.ended("sent", count=2)
        assert [row.text for row in rows] == ["typed on the phone", "by us"]
        assert [one["business"] for one in world.noted("sent")] == [business.id]
        threads = await shop.hub.database.read(
            lambda connection: connection.exec_driver_sql(
                "SELECT DISTINCT conversation_id FROM messaging_messages"
            ).all()
        )
        assert len(threads) == 1


@pytest.mark.fault("T20")
@pytest.mark.timeout(900)
async def test_many_messages_keep_telegrams_limits_and_an_answer_does_not_wait_for_them(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    async with bot_shop(settings, tmp_path, is_strict=True) as shop:
        world, count = shop.telegram.world, fault.count(full=5000, sample=90)
        for number in range(count):
            shop.telegram.people.write(world.person(800_000 + number, f"p{number}"), f"hi {number}")
        shop.telegram.people.write(world.people[IRYNA], "a question")
        await _until_heard(shop, count + 1)
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(shop.queue(f"news {n}", 800_000 + n, "notice") for n in range(count)))
        await shop.ended("sent", count=20)
        asked = asyncio.get_running_loop().time()
        await shop.queue("an answer")
        while "an answer" not in shop.sent:
            await asyncio.sleep(0.02)
        fault.measure(
            "an answer meanwhile",
            asyncio.get_running_loop().time() - asked,
            2.0 if count > 1000 else 5.0,
            " s",
        )
        await shop.ended("sent", count=count + 1, seconds=600)
        took = asyncio.get_running_loop().time() - began
        fault.measure("asked to send more slowly", len(world.noted("slowed")), 0)
        fault.measure("lost or doubled", abs(len(shop.sent) - count - 1), 0)
        # A sample ends before it has got going.
        fault.measure("seconds for 25 messages", took * 25 / (count + 1), 1.1 if count > 1000 else 2.5, " s")
