"""A mailing leaves: approved by somebody else, at its pace, once for each, until it is stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.errors import Conflict, NotAllowed
from hub.events.calls import CallEnded
from hub.kernel.clients import Erasure
from hub.modules.mailings.rules import REPORT_DAYS
from hub.modules.mailings.service_clients import erase
from hub.ports.messaging import Refused
from tests.factories.calls import LINE, ended, tell
from tests.factories.crm import crm_of
from tests.modules.mailings.stage import ANNA, BOHDAN, Shop, entry, mobile
from tests.modules.messaging.wire import SMS, wrote


def reached(shop: Shop) -> list[str]:
    return [one.address for one in shop.wire.ledger]


async def test_it_goes_to_each_once_with_the_link_that_ends_it(shop: Shop) -> None:
    for number in range(3):
        await shop.client(number, language="en")
    made = await shop.approved()
    for _ in range(4):
        await shop.feed(10)
        await shop.send()
    assert sorted(reached(shop)) == [mobile(0), mobile(1), mobile(2)]
    text = shop.wire.ledger[0].text
    assert "time for winter tyres" in text
    assert "\nStop messages: http://shop.example/c/" in text
    view = await shop.view(made.id)
    assert (view.state, view.sums.sent, view.sums.open) == ("done", 3, 0)


async def test_nobody_approves_their_own_mailing(shop: Shop) -> None:
    await shop.client(1)
    made = await shop.counted((await shop.draft()).id)
    async with shop.api() as api:
        await api.flow.submit(made.id, None, None)
    async with shop.api() as api:
        with pytest.raises(NotAllowed, match="of their own"):
            await api.flow.approve(made.id, None, None, by=ANNA, name="Anna", is_alone=False)
        with pytest.raises(NotAllowed, match="Only a person"):
            await api.flow.approve(made.id, None, None, by="token:1", name="T", is_alone=False)
    await shop.feed(10)
    assert (await shop.view(made.id)).state == "waiting"
    async with shop.api() as api:  # nobody else is there who could
        await api.flow.approve(made.id, None, None, by=ANNA, name="Anna", is_alone=True)


async def test_whoever_changed_it_is_an_author_too(shop: Shop) -> None:
    await shop.client(1)
    made = await shop.counted((await shop.draft()).id)
    async with shop.api(BOHDAN) as api:
        await api.flow.submit(made.id, None, None)
    async with shop.api(BOHDAN) as api:
        with pytest.raises(NotAllowed):
            await api.flow.approve(made.id, None, None, by=BOHDAN, name="Bohdan", is_alone=False)


async def test_an_approval_is_of_what_was_seen(shop: Shop) -> None:
    await shop.client(1)
    made = await shop.counted((await shop.draft()).id)
    async with shop.api() as api:
        waiting = await api.flow.submit(made.id, None, None)
    async with shop.api() as api:
        with pytest.raises(Conflict):
            await api.drafts.change(made.id, None, entry(text="Other"), None)
        await api.flow.take_back(made.id, None)
    async with shop.api(BOHDAN) as api:
        with pytest.raises(Conflict):
            await api.flow.approve(made.id, waiting.rev, None, by=BOHDAN, name="Bohdan", is_alone=False)


async def test_the_pace_is_kept(shop: Shop) -> None:
    for number in range(8):
        await shop.client(number)
    await shop.approved(pace=12)
    gone = []
    for _ in range(4):
        await shop.feed(1)
        await shop.send()
        gone.append(len(shop.wire.ledger))
    assert gone == [1, 1, 1, 1]  # one in five seconds
    await shop.feed(5)
    await shop.send()
    assert len(shop.wire.ledger) == 2


async def test_a_stop_takes_back_what_has_not_left(shop: Shop) -> None:
    for number in range(30):
        await shop.client(number)
    made = await shop.approved(pace=60)
    await shop.feed(1)
    await shop.send()
    await shop.feed(6)  # five more are handed on, and have not left
    async with shop.api() as api:
        stopped = await api.flow.stop(made.id, None, "Anna")
    assert (stopped.state, stopped.sums.sent, stopped.sums.stopped, stopped.sums.open) == (
        "stopped",
        5,
        25,
        0,
    )
    for _ in range(5):
        await shop.feed(60)
        await shop.send()
    assert len(shop.wire.ledger) == 5
    assert (await shop.view(made.id)).sums == stopped.sums


async def test_at_night_nothing_leaves_and_in_the_morning_it_goes_on(shop: Shop) -> None:
    for number in range(2):
        await shop.client(number)
    made = await shop.approved(pace=12)
    await shop.feed(1)
    await shop.send()
    shop.clock.advance(12 * 3600)  # 21:02
    await shop.feed()
    await shop.send()
    view = await shop.view(made.id)
    assert len(shop.wire.ledger) == 1
    assert view.waits_until is not None
    assert view.waits_until.isoformat() == "2026-01-06T07:00:00+00:00"
    await shop.feed(12 * 3600)
    await shop.send()
    assert len(shop.wire.ledger) == 2


async def test_it_waits_for_its_time(shop: Shop) -> None:
    await shop.client(1)
    made = await shop.approved(starts_at=shop.clock.now() + timedelta(hours=2))
    await shop.feed(3600)
    await shop.send()
    assert (reached(shop), (await shop.view(made.id)).state) == ([], "scheduled")
    await shop.feed(3601)
    await shop.send()
    assert reached(shop) == [mobile(1)]


async def test_whoever_withdraws_before_their_turn_gets_nothing(shop: Shop) -> None:
    clients = [await shop.client(number) for number in range(3)]
    made = await shop.approved(pace=60)
    await shop.says(clients[0].id, "withdrawn", form="message")  # before it is handed on
    await shop.feed(1)
    await shop.says(clients[1].id, "withdrawn", form="message")  # handed on, not left
    await shop.rest()
    await shop.send()
    assert reached(shop) == [mobile(2)]
    view = await shop.view(made.id)
    assert (view.sums.sent, view.sums.skipped, view.reasons) == (1, 2, {"withdrawn": 2})


async def test_nobody_gets_two_mailings_within_the_shop_s_days(shop: Shop) -> None:
    await shop.client(1)
    await shop.approved()
    await shop.feed(1)
    await shop.send()
    view = await shop.counted((await shop.draft(title="Once more")).id)
    assert view.reasons == {"too_often": 1}


async def test_answers_and_leavings_stand_in_the_report(shop: Shop) -> None:
    answers, leaves = await shop.client(1), await shop.client(2)
    made = await shop.approved()
    await shop.feed(1)
    await shop.send()
    shop.clock.advance(3600)
    await shop.house.tell(wrote("How much?", address=mobile(1)), times=1)
    await shop.says(leaves.id, "withdrawn", form="link")
    await shop.rest()
    async with shop.api() as api:
        report = await api.reports.of(await api.reading.one(made.id))
    assert (report.replied, report.left, report.called) == (1, 1, 0)
    assert [row.client_id for row in report.replies] == [answers.id]


async def test_the_report_counts_who_called_after_the_message_and_nobody_else(shop: Shop) -> None:
    calls, silent = await shop.client(1), await shop.client(2)
    await shop.client(3, agrees=False)
    number = iter(range(1, 99))

    async def rings(client: int, **more: object) -> None:
        now = shop.clock.now()
        call = ended(f"b1:{next(number)}.1", 0.0, "missed", from_number=mobile(client), started_at=now)
        call = replace(call, ended_at=now + timedelta(seconds=30), **more)
        await tell(shop.house.hub, CallEnded(step=9, call=call))

    await rings(1)  # before the message: it did not bring this one
    shop.clock.advance(60)
    made = await shop.approved()
    await shop.feed(1)
    await shop.send()
    for _ in range(2):
        shop.clock.advance(3600)
        await rings(1)
    await rings(3)  # was not written to
    await rings(2, direction="outbound", from_number=LINE, to_number=mobile(2))  # we called them
    shop.clock.advance(timedelta(days=REPORT_DAYS).total_seconds())
    await rings(2)  # too late to have come of it
    async with shop.api() as api:
        report = await api.reports.of(await api.reading.one(made.id))
        first = await api.reports.first_calls(made.id)
    assert report.called == 1
    assert [(one.client_id, one.count) for one in report.callers] == [(calls.id, 2)]
    assert sum(day.calls for day in report.by_day) == 2
    assert set(first) == {calls.id}
    assert silent.id not in first


async def test_a_refusal_of_the_provider_is_told_and_the_rest_goes_on(shop: Shop) -> None:
    for number in range(2):
        await shop.client(number)
    made = await shop.approved()
    shop.wire.faults.append(Refused("No such number."))
    await shop.feed(1)
    await shop.send()
    view = await shop.view(made.id)
    assert (view.sums.sent, view.sums.failed, view.sums.open) == (1, 1, 0)


async def test_an_e_mail_has_a_subject_and_the_header_that_ends_mailings(shop: Shop) -> None:
    shop.wire.carried = {"sms": SMS, "email": replace(SMS, name="email", account="shop@example.com")}
    await shop.client(1, numbers=(), emails=("Olha@example.com",))
    await shop.client(2)
    await shop.approved(channels=("email", "sms"))
    await shop.feed(1)
    await shop.send()
    mail, text = sorted(shop.wire.ledger, key=lambda one: one.channel)
    assert (mail.address, mail.subject) == ("olha@example.com", "Tyres")
    assert mail.unsubscribe_url.startswith("http://shop.example/c/")
    assert mail.unsubscribe_url in mail.text
    assert (text.channel, text.address, text.unsubscribe_url) == ("sms", mobile(2), "")


async def test_a_mailing_that_cannot_go_on_holds_up_no_other(shop: Shop) -> None:
    await shop.client(1)
    broken = await shop.approved()
    await shop.house.hub.database.write(
        lambda connection: connection.exec_driver_sql("UPDATE mailings_mailings SET shop_id = 'gone'")
    )
    await shop.client(2)
    await shop.approved(title="Other")
    await shop.feed(1)
    await shop.feed(1)
    await shop.send()
    assert sorted(reached(shop)) == [mobile(1), mobile(2)]
    view = await shop.view(broken.id)
    assert (view.state, view.waits_until is not None) == ("scheduled", True)


async def test_how_often_is_judged_by_the_day_on_which_it_begins(shop: Shop) -> None:
    await shop.client(1)
    await shop.approved()
    await shop.feed(1)
    await shop.send()
    later = shop.clock.now() + timedelta(days=8)
    view = await shop.counted((await shop.draft(title="Once more", starts_at=later)).id)
    assert (view.reasons, view.sums.waiting) == ({}, 1)


async def test_whoever_is_erased_under_way_is_under_way_no_more_and_comes_again_later(shop: Shop) -> None:
    first = await shop.client(1)
    made = await shop.approved()
    await shop.feed(1)
    async with crm_of(shop.house.hub) as crm:
        await crm.erasing.erase(first.id, "by letter", None)
    view = await shop.view(made.id)
    assert (view.sums.queued, view.sums.unknown) == (0, 1)
    until = shop.clock.now()
    shop.clock.advance(3600)
    await shop.client(1)
    again = await shop.counted((await shop.draft(title="Other")).id)
    who = Erasure(client_ids=frozenset(), numbers=frozenset({mobile(1)}), until=until)
    await shop.house.hub.database.write(lambda connection: erase(connection, who))
    assert (await shop.rows(again.id))[0].client_id is not None
