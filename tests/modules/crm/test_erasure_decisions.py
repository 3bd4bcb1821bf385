"""Whose data a request to be forgotten is about, who may decide on it, and what is never erased unseen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Conflict, HubError
from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import NUMBER_STONE, number_mark
from hub.modules.calls import service_clients as calls_clients
from hub.modules.calls.erased import of_erased
from hub.modules.crm.api import ErasureRequestView, entry_of
from hub.modules.crm.models import Phone
from hub.modules.crm.service_erasure import TOMBSTONES
from tests.factories.calls import call_of, ended, fact, snapshot, tell, tell_calls
from tests.factories.crm import crm_of, entry, make_client
from tests.factories.relays import settled
from tests.factories.site import Client, get_text, send_form, site_of

IRYNA, STRANGER = "+380501234567", "+380671112299"
LIST = "/clients/erasures"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def asked(hub: Hub, **whose: Any) -> ErasureRequestView:
    async with crm_of(hub) as crm:
        return await crm.asked.ask(**whose)


async def state_of(hub: Hub, request_id: str) -> str:
    async with crm_of(hub) as crm:
        return (await crm.asked.one(request_id, None)).state


async def refused(hub: Hub, code: str, request_id: str, way: str = "fulfil") -> None:
    """It is not erased, for that reason."""
    with pytest.raises(Conflict) as told:
        async with crm_of(hub) as crm:
            await getattr(crm.asked, way)(request_id, "лист", None, None)
    assert told.value.code == code


async def restore(hub: Hub, stones: Tombstones, *marks: str) -> None:
    """An older backup is put back; these numbers were erased since."""
    burial = Burial(marks={NUMBER_STONE: frozenset(marks)}, at=hub.installation.clock.now(), is_whole=True)
    await hub.database.write(lambda connection: stones.bury(connection, burial))


async def numbers_of(hub: Hub) -> list[str | None]:
    """Every number in the clients' records, also in those that were merged away."""
    return sorted(await hub.database.read(lambda c: c.execute(select(Phone.key)).scalars().all()))


def later(hub: Hub, seconds: float = 60) -> None:
    clock = hub.installation.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(seconds)


async def test_a_caller_who_became_a_client_meanwhile_is_not_erased_but_shown(hub: Hub, site: Client) -> None:
    one = await asked(hub, number=IRYNA)
    client = await make_client(hub, "Ірина", IRYNA)
    for way in ("fulfil", "fulfil_number"):
        await refused(hub, "crm.number_has_clients", one.id, way)
    page = (await get_text(site, f"{LIST}/{one.id}/erase"))[1]
    assert "Ірина" in page
    assert f'href="/clients/{client.id}/erase"' in page
    assert 'name="reason"' not in page
    tied = await send_form(site, f"{LIST}/{one.id}/tie", {"client_id": client.id})
    assert tied[:2] == (303, f"/clients/{client.id}/erase")
    await refused(hub, "crm.request_of_client", one.id, "fulfil_number")
    async with crm_of(hub) as crm:
        assert (await crm.client(client.id)).name == "Ірина"
        assert (await crm.asked.fulfil(one.id, "лист", None, None)).client_id == client.id
    assert await state_of(hub, one.id) == "done"


async def test_of_several_who_have_the_number_the_one_who_asks_goes_and_no_other(hub: Hub) -> None:
    one = await asked(hub, number=IRYNA)
    asks, other = await make_client(hub, "Ірина", IRYNA), await make_client(hub, "Петро", IRYNA)
    stranger = await make_client(hub, "Олег", STRANGER)
    async with crm_of(hub) as crm:
        with pytest.raises(Conflict) as wrong:
            await crm.asked.tie(one.id, stranger.id, None)
        assert wrong.value.code == "crm.not_of_number"
        await crm.asked.tie(one.id, asks.id, None)
        await crm.asked.fulfil(one.id, "лист", None, None)
        assert set(await crm.clients_by_ids([asks.id, other.id, stranger.id])) == {other.id, stranger.id}


async def test_who_only_stands_in_the_archive_is_shown_too(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина", IRYNA, is_archived=True)
    one = await asked(hub, number=IRYNA)
    assert one.client_id is None
    page = (await get_text(site, f"{LIST}/{one.id}/erase"))[1]
    assert f'href="/clients/{client.id}/erase"' in page
    assert "Архів" in page


async def test_a_number_that_only_a_merged_record_still_has_is_erased_also_there(hub: Hub) -> None:
    """The one it was merged into has let go of the number."""
    gone, kept = await make_client(hub, "І.", IRYNA), await make_client(hub, "Ірина", STRANGER)
    async with crm_of(hub) as crm:
        merged = await crm.merging.merge(gone.id, kept.id, "")
        await crm.change_client(kept.id, merged.rev, entry("Ірина", STRANGER))
    one = await asked(hub, number=IRYNA)
    async with crm_of(hub) as crm:
        assert await crm.asked.owners(one) == []
        await crm.asked.fulfil(one.id, "лист", None, None)
        assert entry_of(await crm.client(kept.id)).phones[0].number == STRANGER
    assert await numbers_of(hub) == [STRANGER]


@pytest.mark.parametrize(("after", "left"), [(-60, [IRYNA, STRANGER]), (60, [STRANGER])])
async def test_a_restored_backup_lets_go_of_the_number_of_a_merged_record_that_was_there(
    hub: Hub, after: float, left: list[str]
) -> None:
    """`after`: seconds from when the record was made to the erasure of the number."""
    erased_at = hub.installation.clock.now() + timedelta(seconds=after)
    gone, kept = await make_client(hub, "І.", IRYNA), await make_client(hub, "Ірина", STRANGER)
    async with crm_of(hub) as crm:
        merged = await crm.merging.merge(gone.id, kept.id, "")
        await crm.change_client(kept.id, merged.rev, entry("Ірина", STRANGER))
    later(hub, 3600)
    await restore(hub, TOMBSTONES, number_mark(IRYNA, erased_at))
    assert await numbers_of(hub) == left


@pytest.mark.parametrize("number", ["101", "KYIVSTAR", "", None])
async def test_who_has_no_number_of_their_own_is_not_taken_for_a_client_who_asked(
    hub: Hub, site: Client, number: str | None
) -> None:
    await asked(hub, client_id=(await make_client(hub, "Ірина", IRYNA)).id)
    await tell_calls(hub, ended("1", 0, "answered", from_number=number))
    async with crm_of(hub) as crm:
        assert await crm.asked.open_of(None, number) is None
    page = (await get_text(site, "/calls/1"))[1]
    assert "crm-asked" not in page


async def test_a_restored_backup_leaves_what_was_asked_after_the_erasure(hub: Hub) -> None:
    first = await asked(hub, number=IRYNA)
    async with crm_of(hub) as crm:
        await crm.asked.refuse(first.id, "не він", None)
    later(hub)
    erased_at = hub.installation.clock.now()
    marks = {number_mark(IRYNA, at) for at in (erased_at - timedelta(days=9), erased_at)}
    later(hub)
    second = await asked(hub, number=IRYNA)
    later(hub)
    await restore(hub, TOMBSTONES, *marks)
    async with crm_of(hub) as crm:
        older, younger = [await crm.asked.one(one.id, None) for one in (first, second)]
    assert (older.state, older.number, older.answer) == ("refused", None, "")
    assert (younger.state, younger.number) == ("open", IRYNA)


async def test_nobody_is_erased_while_they_are_on_the_line(hub: Hub) -> None:
    """Else that very talk would stay, with its number and its sound."""
    client = await make_client(hub, "Ірина", IRYNA)
    by_client, by_number = await asked(hub, client_id=client.id), await asked(hub, number=STRANGER)
    await tell_calls(hub, snapshot("1"), snapshot("2", from_number=STRANGER))
    for one in (by_client, by_number):
        await refused(hub, "calls.still_talking", one.id)
        assert await state_of(hub, one.id) == "open"
    over = ended("1", 0, "answered"), ended("2", 0, "missed", from_number=STRANGER)
    await tell(hub, *(fact(2, call) for call in over))
    later(hub)
    for one in (by_client, by_number):
        async with crm_of(hub) as crm:
            await crm.asked.fulfil(one.id, "лист", None, None)
    assert [(await call_of(hub, one)).other_number for one in "12"] == [None, None]


async def test_a_call_whose_end_nobody_saw_does_not_hold_up_an_erasure_for_ever(hub: Hub) -> None:
    """The line to the PBX broke, and its calls still go on as far as anybody knows."""
    client = await make_client(hub, "Ірина", IRYNA)
    one = await asked(hub, client_id=client.id)
    begun = hub.installation.clock.now()
    await tell_calls(hub, snapshot("1", started_at=begun))
    later(hub, 5.9 * 3600)
    await refused(hub, "calls.still_talking", one.id)
    later(hub, 0.2 * 3600)
    async with crm_of(hub) as crm:
        await crm.asked.fulfil(one.id, "лист", None, None)
    over = ended("1", 0, "unknown", started_at=begun, ended_at=None)
    await tell(hub, fact(2, over))
    call = await call_of(hub, "1")
    assert (call.other_number, call.from_number, call.client_id) == (None, None, None)
    assert (call.state, call.result, call.is_complete) == ("ended", "unknown", False)


async def test_a_restore_erases_what_was_over_by_then_also_where_the_backup_shows_it_going_on(
    hub: Hub,
) -> None:
    begun = hub.installation.clock.now()
    await tell_calls(hub, ended("1", 0, "missed"), snapshot("2", started_at=begun))
    later(hub, 3600)
    erased_at = hub.installation.clock.now()
    later(hub, 60)
    await tell_calls(hub, snapshot("3", started_at=hub.installation.clock.now()))
    await restore(hub, calls_clients.TOMBSTONES, number_mark(IRYNA, erased_at))
    assert [(await call_of(hub, one)).other_number for one in "123"] == [None, None, IRYNA]
    assert (await call_of(hub, "2")).state == "ended"


async def test_what_tells_of_the_past_under_another_id_knows_whose_caller_was_erased(hub: Hub) -> None:
    begun = hub.installation.clock.now()
    one = await asked(hub, number=STRANGER)
    later(hub)
    async with crm_of(hub) as crm:
        await crm.asked.fulfil(one.id, "лист", None, None)
    later(hub)
    told = [
        snapshot("of then", from_number=STRANGER, started_at=begun),
        snapshot("since then", from_number=STRANGER, started_at=hub.installation.clock.now()),
        snapshot("another", from_number=IRYNA, started_at=begun),
        snapshot("withheld", from_number=None, started_at=begun),
    ]
    assert await hub.database.read(lambda c: of_erased(told, "UA", c)) == {"of then"}


async def test_an_open_page_hears_that_the_calls_of_one_who_was_erased_are_nobodys_now(hub: Hub) -> None:
    await tell_calls(hub, ended("1", 0, "answered"), ended("2", 5, "missed", from_number=STRANGER))
    one = await asked(hub, number=IRYNA)
    later(hub)
    watcher = hub.live.subscribe()
    async with crm_of(hub) as crm:
        await crm.asked.fulfil(one.id, "лист", None, None)
    await settled(hub)
    heard = {(hint.topic, hint.id) for hint in [await watcher.next() for _ in range(2)]}
    assert heard == {("erasure_request", one.id), ("call", "1")}


async def test_of_two_answers_at_the_same_moment_one_stands(hub: Hub) -> None:
    one = await asked(hub, client_id=(await make_client(hub, "Ірина", IRYNA)).id)

    async def answer(way: str, *given: Any) -> str:
        try:
            async with crm_of(hub) as crm:
                await crm.asked.one(one.id, None)  # both have seen it open
                await asyncio.sleep(0)
                await getattr(crm.asked, way)(one.id, *given)
        except HubError as error:
            return error.code
        return ""

    told = await asyncio.gather(
        answer("refuse", "рахунок", None), answer("fulfil", "лист", None, None), answer("refuse", "ні", None)
    )
    assert sorted(told) == ["", *["crm.erasure_request_decided"] * 2]


async def test_a_request_follows_a_merge_and_the_number_that_became_a_clients(hub: Hub) -> None:
    gone, kept = await make_client(hub, "І."), await make_client(hub, "Ірина")
    first = await asked(hub, number=STRANGER)
    later(hub, 86400)
    await asked(hub, client_id=gone.id)
    async with crm_of(hub) as crm:
        merged = await crm.merging.merge(gone.id, kept.id, "")
        assert (await crm.asked.open_of(kept.id, None) or first).client_id == gone.id
        await crm.change_client(kept.id, merged.rev, entry("Ірина", STRANGER))
        assert await crm.asked.open_of(kept.id, None) == first
        husband = await crm.create_client(entry("Петро", STRANGER))
        assert await crm.asked.open_of(husband.id, None) is None
        assert (await crm.asked.open_of(kept.id, None) or first).client_id == gone.id
