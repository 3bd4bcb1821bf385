"""What people write stands in one thread each, in the provider's order, once."""

from __future__ import annotations

from datetime import timedelta

from hub.events.messages import Place
from hub.kernel.shops import FIRST_SHOP
from hub.modules.messaging.api import ConversationFilter, ConversationView, PlaceView
from hub.modules.tasks.api import TaskEntry, TasksApi
from tests.factories.crm import crm_of, entry, make_client
from tests.factories.relays import settled
from tests.modules.messaging.wire import AT, IRYNA, OLEH, House, status, wrote


async def threads(house: House, **where: object) -> tuple[ConversationView, ...]:
    async with house.api() as api:
        page = await api.reading.conversations(ConversationFilter(**where), cursor=None, limit=100)
    return page.items


async def test_a_message_that_is_told_twice_stands_in_its_thread_once(house: House) -> None:
    await house.tell(wrote("Is it ready?"))
    (message,) = await house.messages()
    (thread,) = await threads(house)
    assert (message.text, message.state, message.direction) == ("Is it ready?", "received", "inbound")
    assert (thread.unread, thread.state, thread.waiting_since) == (1, "open", AT)


async def test_messages_stand_in_the_order_in_which_they_were_written_not_told(house: House) -> None:
    await house.tell(
        wrote("second", 2, written_at=AT + timedelta(seconds=5)), wrote("first", 1, written_at=AT),
        wrote("third", 3, written_at=AT + timedelta(seconds=5)),
    )  # fmt: skip
    assert [message.text for message in await house.messages()] == ["first", "second", "third"]
    (thread,) = await threads(house)
    assert thread.waiting_since == AT
    assert thread.last is not None
    assert thread.last.text == "third"


async def test_a_client_has_one_thread_over_all_channels(house: House) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    await house.tell(
        wrote("by SMS"),
        wrote("by Telegram", 7, channel="telegram", account="bot", address="4401", phone=IRYNA),
    )
    (thread,) = await threads(house)
    assert thread.client_id == client.id
    assert {one.channel for one in thread.addresses} == {"sms", "telegram"}


async def test_a_number_that_becomes_a_clients_brings_its_thread_along(house: House) -> None:
    await house.tell(wrote("who is this"))
    client = await make_client(house.hub, "Iryna", IRYNA)
    for _ in range(2):
        async with house.api() as api:
            await api.clients.known(IRYNA)
    (thread,) = await threads(house)
    assert thread.client_id == client.id


async def test_a_thread_of_a_number_that_two_have_is_nobodys_until_somebody_says(house: House) -> None:
    await make_client(house.hub, "Iryna", IRYNA)
    await make_client(house.hub, "Mother", IRYNA)
    await house.tell(wrote())
    (thread,) = await threads(house)
    assert thread.client_id is None


async def test_another_wording_takes_the_place_of_the_first(house: House) -> None:
    await house.tell(wrote("Is it redy?", 1), wrote("Is it ready?", 2, edits="IN1"))
    (message,) = await house.messages()
    assert message.text == "Is it ready?"
    assert message.edited_at is not None


async def test_a_point_on_the_map_stays_with_its_message(house: House) -> None:
    await house.tell(wrote("", place=Place(latitude=50.45, longitude=30.52)))
    (message,) = await house.messages()
    assert message.place == PlaceView(latitude=50.45, longitude=30.52)


async def test_spam_is_kept_and_wakes_nobody(house: House) -> None:
    async with crm_of(house.hub) as crm:
        await crm.mark_not_client(OLEH, "spam")
    await house.tell(wrote("Buy now", address=OLEH))
    (thread,) = await threads(house)
    assert (thread.state, thread.unread) == ("closed", 0)


async def test_merged_clients_have_one_thread_and_two_again_when_it_is_undone(house: House) -> None:
    iryna = await make_client(house.hub, "Iryna", IRYNA)
    async with crm_of(house.hub) as crm:
        twin = await crm.create_client(entry("Iryna K", OLEH))
    await house.tell(wrote("one", 1), wrote("two", 2, address=OLEH))
    assert len(await threads(house)) == 2
    async with crm_of(house.hub) as crm:
        await crm.merging.merge(twin.id, iryna.id, reason="same")
        (merge,) = (await crm.merging.recent(cursor=None, limit=5)).items
    (thread,) = await threads(house)
    assert {m.text for m in await house.messages(conversation_id=thread.id)} == {"one", "two"}
    async with crm_of(house.hub) as crm:
        await crm.merging.undo(merge.id)
    assert {one.client_id for one in await threads(house)} == {iryna.id, twin.id}
    assert [m.text for m in await house.messages(client_id=twin.id)] == ["two"]


async def test_a_status_of_an_unknown_message_is_nothing(house: House) -> None:
    await house.tell(status("delivered", "SM-of-somebody-else"))
    assert await house.messages() == ()


async def test_a_pressed_button_or_a_command_keeps_nobody_waiting(house: House) -> None:
    await house.tell(
        wrote("", 1, pressed="p"), wrote("/start", 2), wrote("", 3, start="token"), wrote("", 4, phone=IRYNA)
    )
    (thread,) = await threads(house)
    assert (thread.unread, thread.waiting_since) == (0, None)
    await house.tell(wrote("When is it ready?", 5))
    (thread,) = await threads(house)
    assert (thread.unread, thread.waiting_since) == (1, AT)


async def test_a_chat_that_has_proved_its_number_is_one_thread_with_it(house: House) -> None:
    await house.tell(wrote("who is this", address=OLEH), wrote("a chat", 2, channel="telegram", address="44"))
    async with house.api() as api:
        assert await api.clients.tie("telegram", "44", OLEH, None) is None
    (thread,) = await threads(house)
    assert {one.channel for one in thread.addresses} == {"sms", "telegram"}


async def test_a_chat_of_somebody_else_stays_theirs(house: House) -> None:
    oleh = await make_client(house.hub, "Oleh", OLEH)
    iryna = await make_client(house.hub, "Iryna", IRYNA)
    await house.tell(wrote("a chat", 2, channel="telegram", address="44", phone=OLEH))
    async with house.api() as api:
        assert await api.clients.tie("telegram", "44", IRYNA, iryna.id) == oleh.id
    (thread,) = await threads(house)
    assert thread.client_id == oleh.id


async def test_two_threads_that_are_found_to_be_one_persons_become_one_within_a_batch(house: House) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    bot = {"channel": "telegram", "account": "bot", "address": "4401"}
    await house.tell_at_once(
        wrote("who am I", 5, **bot), wrote("by SMS", 6, written_at=AT + timedelta(seconds=1)),
        wrote("my number", 7, phone=IRYNA, written_at=AT + timedelta(seconds=2), **bot),
    )  # fmt: skip
    (thread,) = await threads(house)
    assert (thread.client_id, thread.unread) == (client.id, 2)
    assert [message.text for message in await house.messages(client_id=client.id)] == [
        "who am I", "by SMS", "my number",
    ]  # fmt: skip
    assert {message.conversation_id for message in await house.messages()} == {thread.id}


async def test_whoever_writes_needs_no_call_back_any_more(house: House) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    async with house.uow() as uow:
        asked = TaskEntry(shop_id=FIRST_SHOP, kind="callback", client_id=client.id)
        task = await TasksApi(uow, house.hub.installation.deps).doing.create(asked, None)
    await house.tell(wrote("no need to call", written_at=AT + timedelta(minutes=1)))
    await settled(house.hub)
    async with house.uow() as uow:
        closed = await TasksApi(uow, house.hub.installation.deps).reading.one(task.id, None)
    assert (closed.state, closed.reason) == ("done", "wrote")
