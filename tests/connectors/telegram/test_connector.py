"""The link while it runs: updates are stored before they are confirmed, and what it is like is said."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest

from connectors.practice_telegram.world import Business
from connectors.telegram.connections import Connections
from connectors.telegram.connector import Telegram
from connectors.telegram.updates import CONTESTED
from hub.clock import FrozenClock, SystemClock
from hub.events.groups import GroupPressed
from hub.events.messages import MessageReceived, MessageSentElsewhere
from hub.ports.connector import Connector
from hub.ports.errors import AuthFailed, NotReady, TransientError
from hub.ports.hooks import FetchesHooks, TakesHooks
from hub.ports.marks import KeepsMarks
from hub.ports.messaging import ChatBot, MessageSender
from hub.secret import Secret
from tests.connectors.contract import Heard, stops_in_time
from tests.connectors.telegram.stage import (
    BOT_ID,
    OLEH,
    SECRET,
    TOKEN,
    Box,
    Line,
    config,
    line,
    outgoing,
    practice,
    request,
)
from tests.faults.figures import Fault


async def test_it_stops_in_time() -> None:
    async with practice() as telegram:
        connector: Connector = Telegram(config(api_base=telegram.base), SystemClock())
        assert isinstance(connector, TakesHooks)
        assert isinstance(connector, FetchesHooks)
        assert isinstance(connector, KeepsMarks)
        assert isinstance(connector, MessageSender)
        assert isinstance(connector, ChatBot)
        box = Box(connector)
        connector.stored_by(box)
        connector.marked_by(box)
        await stops_in_time(connector, lambda heard: bool(heard.states))


async def test_it_says_how_it_is() -> None:
    async with practice() as telegram:
        async with line(telegram) as up:
            assert up.heard.states[0] == ("ready", "@practice_shop_bot, by long polling")
            assert (up.connector.takes_messages, await up.connector.bot_name()) == (True, "practice_shop_bot")
        assert not up.connector.takes_messages
        async with line(telegram, is_webhook=True, secret=Secret(SECRET), public_url=telegram.base) as up:
            assert up.heard.states[0] == ("ready", "@practice_shop_bot, by webhook")


async def test_a_refused_log_in_and_trouble_are_said_in_our_words() -> None:
    async with practice() as telegram:
        for token in (f"{BOT_ID}:wrong", "1:other"):
            with pytest.raises(AuthFailed, match="HUB_TELEGRAM__TOKEN"):
                async with line(telegram, token=Secret(token)):
                    pass
        async with line(telegram, poll_seconds=20.0) as up:
            await up.heard.until(lambda: telegram._poll is not None)
            telegram.world.token = f"{BOT_ID}:new"
            with pytest.raises(AuthFailed):
                await up.connector.send(outgoing())
    with pytest.raises(NotReady):
        async with line(telegram):
            pass
    connector = Telegram(config(api_base=telegram.base), SystemClock())
    with pytest.raises(NotReady):
        await connector.send(outgoing())
    with pytest.raises(NotReady):
        await connector.run(Heard(), Heard())


async def test_what_came_while_we_were_away_is_stored_in_its_order_and_then_confirmed() -> None:
    async with practice() as telegram:
        iryna = telegram.world.person(501000001)
        before = [telegram.people.write(iryna, f"number {n}")["update_id"] for n in range(250)]
        async with line(telegram) as up:
            await up.heard.until(lambda: len(up.box.kept) == 250)
            later = telegram.people.write(iryna, "and now")["update_id"]
            await up.heard.until(lambda: later in up.box.ids and not telegram.world.updates)
            assert up.box.ids == [*before, later]
            assert len(up.box.events()) == 251


async def test_updates_that_come_in_many_pieces_are_read_to_their_end() -> None:
    async with practice() as telegram:
        iryna = telegram.world.person(501000001)
        long = [telegram.people.write(iryna, "я" * 4096)["update_id"] for _ in range(60)]
        async with line(telegram) as up:
            await up.heard.until(lambda: up.box.ids == long)


@pytest.mark.parametrize("is_webhook", [False, True])
async def test_the_session_outlives_a_telegram_that_is_away(
    is_webhook: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.telegram.api._AWAY_WAIT", 0.05)
    async with practice() as telegram:
        way: dict[str, object] = {
            "is_webhook": is_webhook,
            "secret": Secret(SECRET),
            "public_url": telegram.base,
        }
        async with line(telegram, **(way if is_webhook else {})) as up:
            await telegram.stop()
            await up.heard.until(lambda: up.heard.states[-1][0] == "not_ready")
            assert not up.connector.takes_messages
            with pytest.raises(TransientError):
                await up.connector.send(outgoing())
            await telegram.start(_listener(telegram.base))
            await up.heard.until(lambda: up.heard.states[-1][0] == "ready")
            assert up.connector.takes_messages
            assert (await up.connector.send(outgoing())).provider_id


def _listener(base: str) -> socket.socket:
    """On the port that it had."""
    return socket.create_server(("127.0.0.1", int(base.rpartition(":")[2])))


async def test_what_cannot_be_stored_is_not_confirmed() -> None:
    async with practice() as telegram:
        iryna = telegram.world.person(501000001)
        async with line(telegram) as up:
            up.box.is_away = True
            kept = telegram.people.write(iryna, "keep me")["update_id"]
            await up.heard.until(lambda: not up.connector.takes_messages)
        async with line(telegram) as up:
            await up.heard.until(lambda: up.box.ids == [kept])


@pytest.mark.fault("F38")
async def test_ids_that_begin_anew_after_a_quiet_week_lower_or_higher_are_taken(fault: Fault) -> None:
    async with practice() as telegram:
        iryna = telegram.world.person(501000001)
        async with line(telegram, poll_seconds=0.2) as up:
            telegram.people.write(iryna, "before")
            await up.heard.until(lambda: len(up.box.kept) == 1 and _is_quiet(telegram.world.ledger))
            known = {1000}
            by_chance = [chance.randrange(10_000, 2**31) for chance in fault.runs(full=20, sample=1)]
            for first in (7, 5_000_000, 3, *by_chance):
                telegram.world.next_update = first
                telegram.people.write(iryna, "after")
                telegram.people.write(iryna, "and more")
                known.update((first, first + 1))
                with fault.run(f"from {first} on"):
                    await up.heard.until(lambda: known <= set(up.box.ids))
                    await up.heard.until(lambda: _is_quiet(telegram.world.ledger))
            fault.measure("lost", len(known - set(up.box.ids)), 0)


def _is_quiet(ledger: list[dict[str, object]]) -> bool:
    polls = [one for one in ledger if one["what"] in ("polled", "update")]
    return polls[-1] | {"at": ""} == {"at": "", "what": "polled", "offset": 0, "given": 0}


@pytest.mark.fault("F39")
@pytest.mark.parametrize(("hours", "is_lost"), [(23, False), (25, True), (24 * 9, True)])
async def test_a_silence_longer_than_telegram_keeps_updates_is_told(hours: int, is_lost: bool) -> None:
    clock = FrozenClock(datetime(2026, 1, 5, 7, 0, tzinfo=UTC))
    marks: dict[str, str] = {}

    def is_noted() -> bool:
        return clock.now().isoformat() in marks.get(f"telegram:{BOT_ID}:heard", "")

    async with practice(clock) as telegram:
        async with line(telegram, clock=clock, marks=marks, poll_seconds=0.2) as up:
            await up.heard.until(is_noted)
        iryna = telegram.world.person(501000001)
        telegram.people.write(iryna, "nobody is there")
        clock.advance(hours * 3600)
        async with line(telegram, clock=clock, marks=marks, poll_seconds=0.2) as up:
            await up.heard.until(is_noted)
            assert bool(up.box.kept) is not is_lost
            told = up.box.marks[f"telegram:{BOT_ID}:heard"]
            assert ('"lost"' in told) is is_lost
            until = (clock.now() - timedelta(hours=24)).isoformat()
            assert (until in told) is is_lost


@pytest.mark.fault("F39")
async def test_whatever_a_silence_lasts_nothing_is_lost_without_a_word(fault: Fault) -> None:
    hidden = 0
    for number, chance in enumerate(fault.runs(full=20, sample=1)):
        hours = chance.choice([chance.uniform(0.5, 23.9), chance.uniform(24.1, 300)])
        clock, marks = FrozenClock(datetime(2026, 1, 5, 7, 0, tzinfo=UTC)), dict[str, str]()

        def is_noted(clock: FrozenClock = clock, marks: dict[str, str] = marks) -> bool:
            return clock.now().isoformat() in marks.get(f"telegram:{BOT_ID}:heard", "")

        async with practice(clock) as telegram:
            async with line(telegram, clock=clock, marks=marks, poll_seconds=0.2) as up:
                await up.heard.until(is_noted)
            telegram.people.write(telegram.world.person(501000001), "nobody is there")
            clock.advance(hours * 3600)
            async with line(telegram, clock=clock, marks=marks, poll_seconds=0.2) as up:
                await up.heard.until(is_noted)
                is_told = '"lost"' in marks[f"telegram:{BOT_ID}:heard"]
                hidden += not up.box.kept and not is_told
                fault.check(
                    f"{number}: {hours:.1f} hours", (bool(up.box.kept), is_told) == (hours < 24, hours > 24)
                )
    fault.measure("hidden loss", hidden, 0)


async def test_another_program_that_asks_for_the_updates_is_a_state_of_its_own() -> None:
    asks = {"poll_seconds": 20.0}
    async with practice() as telegram, line(telegram, **asks) as up, line(telegram, **asks) as other:
        await up.heard.until(lambda: ("contested", CONTESTED) in [*up.heard.states, *other.heard.states])
        assert up.connector.takes_messages
        assert (await up.connector.send(outgoing())).provider_id
        update = telegram.people.write(up.iryna, "for one of them")["update_id"]
        await up.heard.until(lambda: update in [*up.box.ids, *other.box.ids])


async def test_a_webhook_that_cannot_be_reached_is_told() -> None:
    async with practice() as telegram:
        way = {"is_webhook": True, "secret": Secret(SECRET), "public_url": "http://127.0.0.1:1"}
        async with line(telegram, **way) as up:
            telegram.people.write(up.iryna, "x")
            await up.heard.until(lambda: up.heard.states[-1][0] == "not_ready")
            assert "Telegram cannot bring updates" in up.heard.states[-1][1]


async def test_polling_begins_where_a_webhook_was() -> None:
    async with practice() as telegram:
        async with line(telegram, is_webhook=True, secret=Secret(SECRET), public_url="http://127.0.0.1:1"):
            pass
        update = telegram.people.write(telegram.world.person(501000001), "x")["update_id"]
        async with line(telegram) as up:
            await up.heard.until(lambda: up.box.ids == [update])


async def pressed(up: Line) -> str:
    await up.heard.until(lambda: bool(up.world.presses))
    [press] = up.world.presses
    return press


async def test_a_press_is_answered_at_once_and_with_words_where_there_are_some() -> None:
    async with practice() as telegram:
        async with line(telegram) as up:
            telegram.people.press(up.iryna, 5, "v1.x")
            press = await pressed(up)
            await up.heard.until(lambda: up.world.presses[press])
            assert up.world.answers[press] == ""
            assert await up.connector.answer_press(press, "too late") is False
        up.world.presses.clear()
        async with line(telegram, press_grace=30.0) as up:
            telegram.people.press(up.iryna, 5, "v1.x")
            await up.heard.until(lambda: any(isinstance(one, MessageReceived) for one in up.box.events()))
            press = await pressed(up)
            assert await up.connector.answer_press(press, "Дякуємо!", is_alert=True) is True
            assert up.world.answers[press] == "Дякуємо!"


async def test_a_process_without_the_link_answers_presses_too() -> None:
    async with practice() as telegram:
        connector = Telegram(config(api_base=telegram.base), SystemClock())
        update = telegram.people.press(telegram.world.person(501000001), 5, "x")
        [hook] = connector.hooks()
        assert hook.kept is not None
        hook.kept(request(update))
        heard = Heard()
        await heard.until(lambda: all(telegram.world.presses.values()), 20.0)


async def test_the_shops_own_account_is_written_from_by_its_newest_connection() -> None:
    async with practice() as telegram:
        owner = telegram.world.person(OLEH, "Oleh")
        async with line(telegram) as up:
            first = telegram.people.connect(owner)
            telegram.people.write_to(first, up.iryna, "Добрий день")
            telegram.people.write_to(first, up.iryna, "Слухаю", is_ours=True)
            await up.heard.until(lambda: len(up.box.kept) == 3)
            theirs, ours = up.box.events()
            assert isinstance(theirs, MessageReceived)
            assert isinstance(ours, MessageSentElsewhere)
            sent = await up.connector.send(outgoing("Готово", account=theirs.account))
            assert sent.provider_id.endswith(f"@{first.id}")
            first.is_enabled = False
            telegram.people.tell(first)
            second = telegram.people.connect(owner)
            await up.heard.until(lambda: second.id in str(up.box.marks))
            await up.connector.send(outgoing("І ще", account=theirs.account))
            assert [one["business"] for one in up.world.noted("sent")] == [first.id, second.id]


LATER = 4_000_000_000
"""Seconds of Unix time, after whatever the practice Telegram has said: the later word counts."""


async def test_a_connection_that_another_process_has_noted_is_written_by() -> None:
    async with practice() as telegram:
        owner = telegram.world.person(OLEH, "Oleh")
        async with line(telegram) as up:
            first = telegram.people.connect(owner)
            telegram.people.write_to(first, up.iryna, "Добрий день")
            await up.heard.until(lambda: len(up.box.kept) == 2 and first.id in str(up.box.marks))
            [theirs] = up.box.events()
            assert isinstance(theirs, MessageReceived)
            other = Connections(up.box, str(BOT_ID))
            about = {"user": {"id": OLEH}, "rights": {"can_reply": True}}
            await other.note({"id": first.id, "is_enabled": False, "date": LATER, **about})
            second = telegram.world.businesses["B2"] = Business("B2", owner, True, True)
            await other.note({"id": second.id, "is_enabled": True, "date": LATER + 1, **about})
            await up.connector.send(outgoing("Готово", account=theirs.account))
            assert [one["business"] for one in up.world.noted("sent")] == [second.id]


async def test_groups_are_spoken_to_and_changed() -> None:
    async with practice() as telegram, line(telegram) as up:
        from connectors.practice_telegram.world import Group
        from hub.ports.messaging import Button, Refused

        group, oleh = Group(-400111, "СТО"), telegram.world.person(OLEH, "Oleh")
        telegram.people.join(group, oleh)
        sent = await up.connector.post("-400111", "Пропущений", [Button(title="Беру", payload="v1.t")])
        telegram.people.press(oleh, int(sent.provider_id), "v1.t", group.id)
        await up.heard.until(lambda: any(isinstance(one, GroupPressed) for one in up.box.events()))
        for _ in range(2):
            await up.connector.change("-400111", sent.provider_id, "Взяв Oleh")
        assert telegram.world.messages["-400111", int(sent.provider_id)]["text"] == "Взяв Oleh"
        assert "reply_markup" not in telegram.world.messages["-400111", int(sent.provider_id)]
        telegram.people.migrate(group, -100777)
        with pytest.raises(Refused) as moved:
            await up.connector.post("-400111", "x")
        assert moved.value.moved_to == "-100777"
        telegram.people.join(group, oleh, is_member=False)


def test_its_token_stands_nowhere() -> None:
    assert TOKEN not in repr(config())
    assert TOKEN not in repr(vars(Telegram(config(), SystemClock())))
