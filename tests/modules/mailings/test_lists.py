"""Who is on the list of a mailing, and why the others are not."""

from __future__ import annotations

from collections import Counter

import pytest

from hub.errors import Conflict, Invalid
from hub.modules.mailings.api import Audience
from hub.modules.mailings.rules_lists import MOST_LINES, lines_of
from tests.factories.crm import crm_of, make_car
from tests.modules.mailings.stage import Shop, entry, mobile

LANDLINE = "+380442223344"


async def test_everybody_is_on_the_list_with_the_reason_for_which_they_get_nothing(shop: Shop) -> None:
    await shop.client(1)
    await shop.client(2)
    await shop.client(3, agrees=False)
    gone = await shop.client(4)
    await shop.says(gone.id, "withdrawn", form="message")
    blocked = await shop.client(5)
    await shop.says(blocked.id, "blocked", topic="all", form="message")
    await shop.client(6, numbers=(LANDLINE,))
    await shop.client(7, is_archived=True)
    await shop.client(8, relation="supplier")
    await shop.client(9, blocked_reason="does not pay")
    await shop.client(10, numbers=(), agrees=True)
    await shop.client(11, numbers=(mobile(1),))
    view = await shop.counted((await shop.draft()).id)
    assert view.sums.size == 11
    assert view.sums.going == 2
    assert view.reasons == {
        "no_consent": 1, "withdrawn": 1, "blocked": 1, "landline": 1, "archived": 1, "not_a_client": 1,
        "blacklisted": 1, "no_address": 1, "duplicate": 1,
    }  # fmt: skip


async def test_the_second_number_is_written_to_where_the_first_one_only_rings(shop: Shop) -> None:
    await shop.client(1, numbers=(LANDLINE, mobile(1)))
    (row,) = await shop.rows((await shop.counted((await shop.draft()).id)).id)
    assert (row.state, row.address) == ("waiting", mobile(1))


async def test_segment_and_tag_narrow_who_is_meant(shop: Shop) -> None:
    await shop.client(1, segments=("fleet",), tags=("Tyres",))
    await shop.client(2, segments=("fleet",))
    await shop.client(3, tags=("tyres",))
    made = await shop.draft(audience=Audience(segment="fleet", tag="tyres"))
    (row,) = await shop.rows((await shop.counted(made.id)).id)
    assert row.name == "Client 1"


async def test_whoever_lacks_a_variable_gets_nothing(shop: Shop) -> None:
    driver = await shop.client(1)
    await make_car(shop.house.hub, make="Skoda", model="Octavia", client_id=driver.id)
    await shop.client(2)
    view = await shop.counted((await shop.draft(text="{name}: {car}")).id)
    assert (view.sums.going, view.reasons) == (1, {"no_value": 1})
    async with shop.api() as api:
        (preview,) = await api.previews.of(view)
    assert preview.text.startswith("Client 1: Skoda Octavia\n")


async def test_a_file_is_matched_by_phone_and_by_e_mail(shop: Shop) -> None:
    await shop.client(1)
    await shop.client(2, emails=("Olha@Example.com",))
    await shop.client(3)
    await shop.client(4, numbers=(mobile(3),))
    made = await shop.draft(audience=Audience(kind="list"))
    rows = [
        ["Name", "Phone"], ["Ira", "050 000-00-01"], ["Olha", "olha@example.com"], ["two", mobile(3)],
        ["new", mobile(99)], ["nothing here"], ["again", mobile(1)], [""],
    ]  # fmt: skip
    async with shop.api() as api:
        await api.drafts.set_list(made.id, "list.csv", lines_of(rows, "UA"), None)
    view = await shop.counted(made.id)
    assert view.reasons == {"several": 1, "nobody": 1, "unreadable": 1, "duplicate": 1}
    assert {row.line for row in await shop.rows(made.id, state="waiting")} == {
        "Ira, 050 000-00-01",
        "Olha, olha@example.com",
    }


async def test_a_file_without_a_number_is_refused_in_words(shop: Shop) -> None:
    made = await shop.draft(audience=Audience(kind="list"))
    async with shop.api() as api:
        with pytest.raises(Invalid, match="neither a phone number"):
            await api.drafts.set_list(made.id, "x.csv", lines_of([["a"], ["b"]], "UA"), None)
    too_many = ([mobile(n)] for n in range(MOST_LINES + 5))
    async with shop.api() as api:
        with pytest.raises(Invalid, match="too many lines"):
            await api.drafts.set_list(made.id, "x.csv", lines_of(too_many, "UA"), None)


async def test_a_changed_text_has_to_be_counted_anew_and_a_second_run_is_the_same_list(shop: Shop) -> None:
    for number in range(5):
        await shop.client(number)
    view = await shop.counted((await shop.draft()).id)
    again = await shop.counted(view.id)
    assert (again.sums, again.parts) == (view.sums, view.parts)
    async with shop.api() as api:
        await api.drafts.change(view.id, None, entry(text="Another text"), None)
    changed = await shop.view(view.id)
    assert (changed.is_counted, changed.sums.size) == (False, 0)
    async with shop.api() as api:
        with pytest.raises(Conflict, match="whom this would go to"):
            await api.flow.submit(view.id, None, None)


async def test_parts_and_price_are_those_of_the_texts_that_go(shop: Shop) -> None:
    await shop.client(1, language="uk")
    await shop.client(2, language="en", agrees=False)
    view = await shop.counted((await shop.draft(text="Пора міняти шини на зимові")).id)
    (row,) = await shop.rows(view.id, state="waiting")
    assert view.parts == row.parts == 2


async def test_an_erased_client_leaves_no_trace_on_lists(shop: Shop) -> None:
    one = await shop.client(1)
    await shop.client(2)
    view = await shop.counted((await shop.draft()).id)
    async with crm_of(shop.house.hub) as crm:
        await crm.erasing.erase(one.id, "asked by letter", "person:owner")
    rows = await shop.rows(view.id)
    assert Counter((row.state, row.reason) for row in rows) == {("skipped", "erased"): 1, ("waiting", ""): 1}
    assert mobile(1) not in repr(rows)


async def test_a_file_of_strangers_is_forgotten(shop: Shop) -> None:
    made = await shop.draft(audience=Audience(kind="list"))
    async with shop.api() as api:
        await api.drafts.set_list(made.id, "list.csv", lines_of([[mobile(99)]], "UA"), None)
    await shop.counted(made.id)
    shop.clock.advance(29 * 86400)
    async with shop.api() as api:
        await api.drafts.forget_lists()
        assert await api.drafts.lines(made.id) != []
    shop.clock.advance(2 * 86400)
    async with shop.api() as api:
        await api.drafts.forget_lists()
        assert await api.drafts.lines(made.id) == []
    assert mobile(99) not in repr(await shop.rows(made.id))
