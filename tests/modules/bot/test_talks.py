"""What clients read in the bot: by the wire's ledger, every handler having run twice."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hub.clock import FrozenClock
from hub.events.messages import Place, ReachChanged
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.bot.api import BotApi
from hub.modules.consents.api import ConsentsApi, Subject
from hub.modules.messaging.api import ConversationFilter
from hub.ports.messaging import Button
from tests.factories.crm import make_car, make_client
from tests.factories.relays import settled
from tests.factories.tasks import open_hours
from tests.modules.bot.stage import CHAT, STRANGER, BotWire, chat, hear, payload, titles
from tests.modules.messaging.wire import IRYNA, OLEH, House, wrote

MENU_RU = ["Моя машина готова?", "Мои машины", "Как вас найти?", "Акции и новости"]


async def refusals(house: House) -> list[str]:
    async with house.uow() as uow:
        query = text("SELECT details FROM access_audit WHERE action LIKE 'bot.%' ORDER BY seq")
        return [str(row[0]) for row in (await uow.session.execute(query)).all()]


async def test_a_stranger_who_starts_is_greeted_once_and_asked_for_the_number(house: House) -> None:
    greeting, ask = await hear(house, chat(text="/start"))
    assert greeting.text == "Здравствуйте! Напишите нам здесь или выберите:"
    assert titles(greeting) == MENU_RU
    assert ask.buttons == (Button(title="Поделиться моим номером", asks="contact"),)
    assert all(len(button.payload.encode()) <= 64 for button in greeting.buttons)


async def test_free_words_are_for_people_and_the_bot_is_silent(house: House) -> None:
    assert await hear(house, chat(text="Скажите, а вы по субботам работаете?")) == []


@pytest.mark.parametrize(
    ("client", "messenger", "said"),
    [("en", "ru", "Your cars:"), (None, "uk-UA", "Ваші авто:"), (None, "de", "Ваші авто:")],
)
async def test_the_bot_speaks_the_clients_language_else_the_chats_else_the_shops(
    house: House, client: str | None, messenger: str, said: str
) -> None:
    iryna = await make_client(house.hub, "Iryna", IRYNA, language=client)
    await make_car(house.hub, plate="АА1234ВВ", make="Škoda", model="Octavia", client_id=iryna.id)
    thanks, *rest = await hear(house, chat(phone=IRYNA, language=messenger))
    assert rest == []
    (cars,) = await hear(house, chat(2, pressed=thanks.buttons[1].payload, language=messenger))
    assert cars.text == f"{said}\n• Škoda Octavia, АА1234ВВ"


async def test_a_shared_number_ties_the_chat_to_the_client_it_belongs_to(house: House) -> None:
    iryna = await make_client(house.hub, "Iryna", IRYNA)
    await hear(house, chat(text="/start"))
    (thanks,) = await hear(house, chat(2, phone=IRYNA, text="Ірина +380501234567"))
    assert thanks.text.startswith("Спасибо")
    async with house.api() as api:
        (thread,) = (await api.reading.conversations(ConversationFilter(), cursor=None, limit=9)).items
    assert (thread.client_id, thread.unread) == (iryna.id, 0)


async def test_the_cars_of_a_client_are_told_only_to_their_chat(house: House) -> None:
    greeting, _ = await hear(house, chat(text="/start", address=STRANGER))
    told, _ = await hear(house, chat(2, address=STRANGER, pressed=payload(greeting, "Мои машины")))
    assert told.text == "Для этого нам нужно знать, кто вы."


async def test_the_way_here_has_address_hours_number_and_a_point_on_the_map(house: House) -> None:
    await open_hours(house.hub)
    async with house.uow() as uow:
        shops = AccessApi(uow, house.hub.installation.deps).shops
        await shops.change(
            FIRST_SHOP,
            ShopEntry(
                name="Пітлайн", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk",
                address="Київ, вул. Польова, 21", latitude=50.45, longitude=30.52,
            ),
        )  # fmt: skip
    greeting, _ = await hear(house, chat(text="/start"))
    way, _ = await hear(house, chat(2, pressed=payload(greeting, "Как вас найти?")))
    assert way.text == "Пітлайн\nКиїв, вул. Польова, 21\nОткрыто: 09:00-18:00"
    assert way.place == Place(latitude=50.45, longitude=30.52)


async def test_whoever_asks_for_the_car_is_answered_by_a_person_until_a_module_knows(house: House) -> None:
    await make_client(house.hub, "Iryna", IRYNA)
    (thanks,) = await hear(house, chat(phone=IRYNA))
    (looks,) = await hear(house, chat(2, pressed=payload(thanks, "Моя машина готова?")))
    assert looks.text.startswith("Мы посмотрим")
    async with house.api() as api:
        (thread,) = (await api.reading.conversations(ConversationFilter(), cursor=None, limit=9)).items
    assert (thread.unread, thread.waiting_since) == (1, house.clock.now())


@pytest.mark.fault("F42")
async def test_a_button_is_good_once_and_a_second_press_is_answered_kindly(house: House) -> None:
    greeting, _ = await hear(house, chat(text="/start"))
    where = payload(greeting, "Как вас найти?")
    await hear(house, chat(2, pressed=where))
    again, *_ = await hear(house, chat(3, pressed=where))
    assert again.text.startswith("Вы уже нажимали эту кнопку.")
    assert titles(again) == MENU_RU
    assert ["used" in one for one in await refusals(house)] == [True]


@pytest.mark.fault("F42")
@pytest.mark.parametrize("way", ["foreign", "forged", "cut", "old"])
async def test_a_button_that_is_not_good_does_nothing_and_is_audited(
    house: House, frozen_clock: FrozenClock, way: str
) -> None:
    await make_client(house.hub, "Oleh", OLEH)
    (thanks,) = await hear(house, chat(phone=OLEH))
    pressed, address = payload(thanks, "Мои машины"), CHAT
    if way == "foreign":
        address = STRANGER
    elif way == "forged":
        pressed = pressed[:-4] + ("AAAA" if not pressed.endswith("AAAA") else "BBBB")
    elif way == "cut":
        pressed = "x" * 64
    else:
        frozen_clock.advance(31 * 86_400.0)
    told, *_ = await hear(house, chat(2, address=address, pressed=pressed))
    assert told.text.startswith("Эта кнопка больше не действует.")
    (entry,) = await refusals(house)
    assert {"foreign": "foreign", "forged": "forged", "cut": "forged", "old": "old"}[way] in entry


async def test_a_text_back_link_makes_call_and_chat_one_thread_for_the_first_chat(house: House) -> None:
    await house.tell(wrote("перезвоните", address=OLEH))
    async with house.uow() as uow:
        bot = BotApi(uow, house.hub.installation.deps)
        link = await bot.start_link("textback:1", number=OLEH, call_id="b1:1.1")
        assert link == await bot.start_link("textback:1", number=OLEH, call_id="b1:1.1")
    assert link is not None
    word = link.url.removeprefix("https://t.me/shop_bot?start=")
    assert len(word) == 22
    (greeting,) = await hear(house, chat(start=word))
    assert greeting.text.startswith("Здравствуйте!")
    async with house.api() as api:
        threads = (await api.reading.conversations(ConversationFilter(), cursor=None, limit=9)).items
    assert [{one.channel for one in thread.addresses} for thread in threads] == [{"sms", "telegram"}]
    refused, _ = await hear(house, chat(2, address=STRANGER, start=word))
    assert refused.text.startswith("Эта ссылка больше не действует.")
    async with house.api() as api:
        assert not await api.clients.has_number("telegram", STRANGER)


@pytest.mark.parametrize("word", ["A" * 22, "x", "'; DROP TABLE bot_starts; --", "я" * 22])
async def test_a_word_that_was_never_ours_ties_nothing(house: House, word: str) -> None:
    refused, _ = await hear(house, chat(start=word))
    assert refused.text.startswith("Эта ссылка больше не действует.")


async def test_a_link_that_is_too_old_ties_nothing(house: House, frozen_clock: FrozenClock) -> None:
    async with house.uow() as uow:
        link = await BotApi(uow, house.hub.installation.deps).start_link("textback:1", number=OLEH)
    assert link is not None
    frozen_clock.advance(15 * 86_400.0)
    refused, _ = await hear(house, chat(start=link.url.rpartition("=")[2]))
    assert refused.text.startswith("Эта ссылка больше не действует.")


async def test_without_a_bot_there_is_no_link(house: House, wire: BotWire) -> None:
    wire.name = ""
    async with house.uow() as uow:
        assert await BotApi(uow, house.hub.installation.deps).start_link("textback:1", number=OLEH) is None


async def test_a_client_says_yes_and_no_to_advertising_by_a_press(house: House) -> None:
    iryna = await make_client(house.hub, "Iryna", IRYNA)
    (thanks,) = await hear(house, chat(phone=IRYNA))
    standings = []
    for number, wish in ((2, "Да, пишите мне об акциях"), (5, "Больше без рекламы")):
        (stands,) = await hear(house, chat(number, pressed=payload(thanks, "Акции и новости")))
        (thanks,) = await hear(house, chat(number + 1, pressed=payload(stands, wish)))
        async with house.uow() as uow:
            ledger = ConsentsApi(uow, house.hub.installation.deps).ledger
            view = await ledger.read(Subject(client_id=iryna.id))
        standings.append((view.marketing, view.entries[0].form, view.entries[0].source))
    assert standings == [("granted", "message", "telegram"), ("withdrawn", "message", "telegram")]
    assert len(view.entries) == 2


async def test_stop_as_a_command_is_left_to_consents(house: House) -> None:
    await make_client(house.hub, "Iryna", IRYNA)
    await hear(house, chat(phone=IRYNA))
    (confirmed,) = await hear(house, chat(2, text="/stop"))
    assert confirmed.text.startswith("Рекламы от нас больше не будет ни по одному каналу.")


async def test_whoever_has_shut_the_bot_out_meanwhile_is_left_alone_and_the_thread_says_why(
    house: House,
) -> None:
    await hear(house, chat(text="Вы сегодня работаете?"))
    shut = ReachChanged(channel="telegram", account="bot", address=CHAT, is_blocked=True)
    await house.tell_at_once(chat(2, text="/start"), shut)
    await settled(house.hub)
    assert await hear(house) == []
    kept_back = [one for one in await house.messages() if one.author == "bot"]
    assert [(one.state, one.text, one.error) for one in kept_back] == [
        ("failed", "Здравствуйте! Напишите нам здесь или выберите:",
         "They have stopped messages from us on this channel."),
    ]  # fmt: skip
