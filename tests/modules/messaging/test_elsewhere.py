"""Threads past us: what the shop wrote in its own app, what was taken back, who closed the chat."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.errors import Conflict
from hub.events.messages import MessagesDeleted, MessageSentElsewhere, ReachChanged
from hub.modules.messaging.api import MessagingApi
from tests.modules.messaging.wire import AT, House, wrote

CHAT = {"channel": "telegram", "account": "business:BC1", "address": "4401"}


def typed(text: str = "Так, готово", number: int = 1, **more: object) -> MessageSentElsewhere:
    made = MessageSentElsewhere(
        channel="telegram", account="business:BC1", address="4401", provider_id=f"{number}@BC1", text=text,
        written_at=AT + timedelta(minutes=number), writer="Oleh",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # names of its fields


async def past(house: House, *events: object) -> None:
    """As the handlers do it, twice."""
    for event in events:
        for _ in range(2):
            async with house.uow(actor=None) as uow:
                elsewhere = MessagingApi(uow, house.hub.installation.deps).elsewhere
                if isinstance(event, MessageSentElsewhere):
                    await elsewhere.sent(event)
                elif isinstance(event, MessagesDeleted):
                    await elsewhere.deleted(event)
                elif isinstance(event, ReachChanged):
                    await elsewhere.reach(event)


async def test_what_the_owner_typed_stands_in_the_thread_as_ours_and_is_an_answer(house: House) -> None:
    await house.tell(wrote("Готово?", 1, **CHAT))
    await past(house, typed())
    theirs, ours = await house.messages()
    assert (ours.direction, ours.state, ours.text, ours.author) == ("outbound", "sent", "Так, готово", "Oleh")
    assert ours.conversation_id == theirs.conversation_id
    async with house.api() as api:
        thread = await api.reading.conversation(ours.conversation_id, None)
    assert (thread.waiting_since, thread.unread) == (None, 0)


async def test_another_wording_of_ours_takes_the_place_of_the_first(house: House) -> None:
    await past(house, typed(), typed("О 17:00", 2, provider_id="1@BC1:e5", edits="1@BC1"))
    [only] = await house.messages()
    assert (only.text, only.edited_at) == ("О 17:00", AT + timedelta(minutes=2))


async def test_what_was_taken_back_stays_readable_and_is_marked(house: House) -> None:
    await house.tell(wrote("oops", 1, **{**CHAT, "provider_id": "7@BC1"}), wrote("stays", 2, **CHAT))
    await past(house, MessagesDeleted(channel="telegram", address="4401", provider_ids=("7@BC1", "8@BC1")))
    assert {one.text: one.is_deleted for one in await house.messages()} == {"oops": True, "stays": False}


async def test_whoever_stops_the_bot_is_not_written_to_until_they_take_it_back(house: House) -> None:
    await house.tell(wrote("hi", 1, **CHAT))
    stop = ReachChanged(channel="telegram", account="bot", address="4401", is_blocked=True)
    await past(house, stop)
    with pytest.raises(Conflict):
        await house.queue("x", channel="telegram", address="4401")
    await past(house, replace(stop, is_blocked=False))
    assert (await house.queue("x", channel="telegram", address="4401")).state == "queued"
