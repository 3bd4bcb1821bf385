"""What the staff's group reads: by what the bot has said there, every handler having run twice."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from hub.clock import FrozenClock
from hub.errors import Unavailable
from hub.events.groups import GroupChanged
from hub.events.messages import MessageSettled
from hub.events.recordings import RecordingReviewed
from hub.kernel.clients import Erasure
from hub.kernel.shops import FIRST_SHOP, Place
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.alerts.api import AlertEntry, AlertsApi
from hub.modules.alerts.service_quarantine import HELD
from hub.modules.crm.api import CrmApi
from hub.modules.tasks.api import Holder
from hub.ports.connector import Health
from hub.ports.errors import TransientError
from hub.ports.messaging import Refused, UnknownOutcome
from tests.factories.calls import at, ended
from tests.factories.crm import make_client
from tests.factories.relays import settled
from tests.factories.tasks import happen, tasks_of
from tests.modules.alerts.stage import GROUP, OTHER_GROUP, Staff
from tests.modules.messaging.wire import IRYNA, OLEH


async def test_a_missed_call_is_told_once_with_who_and_when(staff: Staff) -> None:
    await make_client(staff.house.hub, "Ірина Коваль", IRYNA)
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await staff.told()
    await happen(staff.house.hub, ended("2", 60, "missed"))
    await staff.told()
    assert staff.wire.posts == ["G1"]
    assert staff.text() == "📞 Пропущений дзвінок\n09:02 · Ірина Коваль · +380 50 123 4567"
    assert [button.title for button in staff.buttons()] == ["✋ Беру", "📞 Передзвонити"]
    assert all(len(button.payload.encode()) <= 64 for button in staff.buttons())


async def test_without_a_group_or_when_it_was_not_chosen_nothing_is_told(unbound: Staff) -> None:
    await happen(unbound.house.hub, ended("1", 0, "missed"))
    await unbound.bind()
    async with unbound.house.uow() as uow:
        groups = AlertsApi(uow, unbound.house.hub.installation.deps).groups
        await groups.save(FIRST_SHOP, ["message"], is_quiet=True)
    await happen(unbound.house.hub, ended("2", 0, "missed", from_number=OLEH))
    await unbound.told()
    assert unbound.wire.posts == []


async def test_a_call_back_that_is_done_says_so_in_the_group(staff: Staff) -> None:
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await staff.told()
    await happen(staff.house.hub, ended("2", 60, "answered"))
    await staff.told()
    assert staff.text().splitlines()[-1] == "✅ з ними поговорили, 09:02"
    assert staff.buttons() == ()
    assert staff.wire.posts == ["G1"]


async def test_what_a_colleague_takes_on_the_page_is_shown_as_taken(staff: Staff) -> None:
    person = await staff.hire()
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await staff.told()
    async with tasks_of(staff.house.hub) as tasks:
        (task,) = await tasks.reading.open(None)
        await tasks.claim(task.id, Holder(id=person.id, name="101 Анна"))
    await staff.told()
    assert staff.text().splitlines()[-1] == "✋ бере 101 Анна 09:02"
    assert [button.title for button in staff.buttons()] == ["📞 Передзвонити"]


async def test_what_happens_while_the_shop_is_closed_waits_until_it_opens(
    staff: Staff, frozen_clock: FrozenClock
) -> None:
    frozen_clock.advance(12 * 3600.0)
    await happen(
        staff.house.hub, ended("1", 12 * 3600, "missed"), ended("2", 12 * 3600, "missed", from_number=OLEH)
    )
    await staff.told()
    assert staff.wire.posts == []
    await happen(staff.house.hub, ended("3", 12 * 3600 + 60, "answered"))
    frozen_clock.advance(12 * 3600.0)
    await staff.told()
    assert len(staff.wire.posts) == 1
    assert "+380 67 111 2233" in staff.text()


async def test_at_night_too_where_the_shop_wants_it(staff: Staff, frozen_clock: FrozenClock) -> None:
    async with staff.house.uow() as uow:
        groups = AlertsApi(uow, staff.house.hub.installation.deps).groups
        await groups.save(FIRST_SHOP, ["missed"], is_quiet=False)
    frozen_clock.advance(12 * 3600.0)
    await happen(staff.house.hub, ended("1", 12 * 3600, "missed"))
    await staff.told()
    assert staff.wire.posts == ["G1"]


async def settle(staff: Staff, message_id: str, state: str) -> None:
    view = await staff.house.message(message_id)
    event = MessageSettled(
        message_id=message_id, conversation_id=view.conversation_id, client_id=view.client_id,
        channel=view.channel, address=view.address, state=state, error="",
    )  # fmt: skip
    for _ in range(2):
        async with staff.house.uow(actor=None) as uow:
            await AlertsApi(uow, staff.house.hub.installation.deps).facts.settled(event)


async def test_a_message_that_failed_is_told_and_advertising_is_not(staff: Staff) -> None:
    staff.wire.faults = [Refused("This number takes no messages.")]
    message = await staff.house.queue()
    await staff.house.sent()
    await settle(staff, message.id, "failed")
    await staff.told()
    assert staff.text() == (
        "✉️ Повідомлення могло не дійти\n09:02 · +380 50 123 4567 · SMS\nThis number takes no messages."
    )
    await settle(staff, message.id, "delivered")
    await staff.told()
    assert staff.text().endswith("✅ усе ж доставлено, 09:02")


async def test_a_dead_link_is_told_after_two_minutes_once_until_it_is_back(
    staff: Staff, frozen_clock: FrozenClock
) -> None:
    since = frozen_clock.now()

    async def look(state: str, began: object = since) -> None:
        async with staff.house.uow(actor=None) as uow:
            facts = AlertsApi(uow, staff.house.hub.installation.deps).facts
            await facts.links({"ami": Health(state=state, since=began, text="No answer.")})
        await staff.told()

    await look("not_ready")
    assert staff.wire.posts == []
    frozen_clock.advance(121.0)
    await look("not_ready")
    await look("error", since)
    assert staff.wire.posts == ["G1"]
    assert staff.text() == "🔌 Немає зв’язку назовні\n09:02 · ami\nNo answer."
    await look("ready")
    assert staff.text().endswith("✅ знову працює, 09:04")


async def test_another_modules_alert_is_told_once_for_its_cause(staff: Staff) -> None:
    entry = AlertEntry(
        kind="low_score", cause="review:1", shop_id=FIRST_SHOP, values={"who": "Анна", "what": "20 %"}
    )
    for _ in range(2):
        async with staff.house.uow() as uow:
            await AlertsApi(uow, staff.house.hub.installation.deps).tell(entry)
    await staff.told()
    assert staff.wire.posts == ["G1"]
    assert staff.text() == "👎 Низька оцінка\n09:02 · Анна · 20 %"


async def test_a_talk_that_is_scored_low_is_told_and_over_when_the_score_is_put_right(staff: Staff) -> None:
    async def scored(percent: int | None, review: str = "R1") -> None:
        async with staff.house.uow() as uow:
            uow.publish(
                RecordingReviewed(
                    recording_id="rec-1", review_id=review, percent=percent, person_id=None,
                    person_name="Анна",
                )
            )  # fmt: skip
        await staff.told()

    await scored(80, "R0")
    await scored(None, "R9")
    assert staff.wire.posts == []
    await scored(20)
    await scored(20)
    assert staff.wire.posts == ["G1"]
    assert staff.text() == "👎 Низька оцінка\n09:02 · Анна · 20 %"
    await scored(75)
    assert staff.text().endswith("✅ оцінку виправлено, 09:02")


async def test_who_asks_to_be_forgotten_is_told_without_a_name_until_there_is_an_answer(
    staff: Staff, frozen_clock: FrozenClock
) -> None:
    hub = staff.house.hub

    async def looked() -> list[str]:
        for _ in range(2):
            async with staff.house.uow() as uow:
                await AlertsApi(uow, hub.installation.deps).facts.erasures()
        await staff.told()
        return list(staff.wire.posts)

    client = await make_client(hub, "Ірина Коваль", IRYNA)
    async with staff.house.uow() as uow:
        asked = await CrmApi(uow, hub.installation.deps).asked.ask(client_id=client.id, words="набридли")
    assert await looked() == ["G1"]
    assert staff.text() == "🗑 Хтось просить забути про нього\n09:02\nВідповідь потрібна до 05.02.2026."
    assert [button.title for button in staff.buttons()] == ["✋ Беру"]
    frozen_clock.advance(20 * 86400)
    assert await looked() == ["G1"]
    frozen_clock.advance(5 * 86400)
    assert await looked() == ["G1", "G2"]
    frozen_clock.advance(7 * 86400)
    assert await looked() == ["G1", "G2", "G3"]
    assert staff.text("G3").endswith("Відповідь треба було дати до 05.02.2026.")
    async with staff.house.uow() as uow:
        await CrmApi(uow, hub.installation.deps).asked.refuse(asked.id, "є неоплачений рахунок", None)
    assert await looked() == ["G1", "G2", "G3"]
    assert {staff.text(one).splitlines()[-1] for one in ("G1", "G2", "G3")} == {"✅ відповідь дано, 09:02"}


async def test_what_may_have_arrived_is_not_told_again(staff: Staff) -> None:
    staff.wire.faults = [UnknownOutcome("The answer was not seen.")]
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await staff.told()
    await happen(staff.house.hub, ended("2", 60, "answered"))
    await staff.told()
    assert staff.wire.posts == []
    async with staff.house.uow() as uow:
        posts = AlertsApi(uow, staff.house.hub.installation.deps).posts
        (post,) = (await posts.page(None)).items
    assert post.is_doubted


async def test_a_sender_that_was_killed_before_it_noted_leaves_a_doubt_and_no_second_post(
    staff: Staff,
) -> None:
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await staff.told()
    async with staff.house.uow() as uow:
        claimed = "UPDATE alerts_posts SET claim = 'dead', provider_id = NULL, shown = 0"
        until = ", claimed_until = '2020-01-01 00:00:00+00:00' WHERE kind = 'missed'"
        await uow.session.execute(text(claimed + until))
    staff.sender = staff.new_sender("next")
    await staff.told()
    assert staff.wire.posts == ["G1"]
    assert await staff.rows("SELECT error FROM alerts_posts WHERE kind = 'missed'") == [("doubt",)]


@pytest.mark.parametrize("fault", [Unavailable("test.away", "Away."), RuntimeError("Session is closed")])
async def test_an_end_that_we_could_not_note_ourselves_is_a_doubt_once_the_claim_is_over(
    staff: Staff, frozen_clock: FrozenClock, fault: Exception
) -> None:
    staff.wire.faults = [fault]
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await staff.told()
    query = "SELECT error, claim IS NULL FROM alerts_posts WHERE kind = 'missed'"
    assert await staff.rows(query) == [("", False)]
    frozen_clock.advance(130.0)
    await staff.told()
    assert await staff.rows(query) == [("doubt", True)]
    assert staff.wire.posts == []


async def test_too_many_and_a_moved_group_are_tried_again(staff: Staff, frozen_clock: FrozenClock) -> None:
    staff.wire.faults = [TransientError("Too many.", 30.0), Refused("Moved.", moved_to="-1009")]
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await staff.told()
    assert staff.wire.posts == []
    frozen_clock.advance(31.0)
    await staff.told()
    assert [group for group, _, _ in staff.wire.said.values()] == ["-1009"]


async def test_a_group_that_puts_the_bot_out_is_told_nothing_more(staff: Staff) -> None:
    gone = GroupChanged(channel="telegram", account="bot", group=GROUP, title="Staff", is_member=False)
    async with staff.house.uow(actor=None) as uow:
        groups = AlertsApi(uow, staff.house.hub.installation.deps).groups
        await groups.changed(gone)
        view = await groups.read(FIRST_SHOP)
    assert (view.is_bound, view.lost_at) == (False, staff.house.clock.now())


async def test_an_erased_client_leaves_the_group_too(staff: Staff) -> None:
    iryna = await make_client(staff.house.hub, "Ірина Коваль", IRYNA)
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await staff.told()
    who = Erasure(client_ids=frozenset({iryna.id}), numbers=frozenset(), until=at(3600))
    records = staff.house.hub.installation.deps.clients["alerts"]
    assert await staff.house.hub.database.write(lambda connection: records.erase(connection, who)) == 1
    await staff.told()
    assert staff.text() == "📞 Пропущений дзвінок\n✅ зроблено, 09:02"


@pytest.mark.parametrize("late", [False, True])
async def test_a_code_binds_once_and_only_in_time(
    unbound: Staff, frozen_clock: FrozenClock, late: bool
) -> None:
    code = await unbound.code()
    frozen_clock.advance(16 * 60.0 * late)
    await unbound.type(f"/pair@shop_bot {code.lower()}")
    await unbound.type(f"/pair {code}", 2, "-1002")
    await unbound.told()
    said = sorted(text.split()[1] for _, text, _ in unbound.wire.said.values())
    assert said == (["код", "код"] if late else ["Відтепер", "код"])
    assert len(await unbound.refusals()) == 1 + late


async def test_what_a_restored_system_drops_is_told_no_more(staff: Staff) -> None:
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await settled(staff.house.hub)
    write = staff.house.hub.database.write
    assert [one.count for one in await write(HELD.waiting)] == [1]
    assert await write(HELD.drop) == 1
    await staff.told()
    assert staff.wire.posts == []


async def test_a_client_who_rang_two_shops_is_told_to_both_groups_each_by_its_own_call(staff: Staff) -> None:
    hub, deps = staff.house.hub, staff.deps
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(name="Львів", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
        lviv = (await AccessApi(uow, deps).shops.create(entry)).id
    deps.places.learn({lviv: Place("UA", ZoneInfo("Europe/Kyiv"))})
    async with hub.transactions.writing(actor=None, shop_id=lviv) as uow:
        code = await AlertsApi(uow, deps).groups.make_code(lviv)
    await staff.type(f"/pair {code}", 2, OTHER_GROUP)
    await staff.told()
    staff.wire.said.clear()
    staff.wire.posts.clear()
    person = await staff.hire()
    await make_client(hub, "Ірина Коваль", IRYNA, OLEH)
    await happen(hub, ended("1", 0, "missed"))
    await happen(hub, ended("2", 60, "missed", from_number=OLEH), shop_id=lviv)
    await staff.told()
    assert len(staff.wire.posts) == 2
    posts = {staff.wire.said[post][0]: post for post in staff.wire.posts}
    here, there = staff.text(posts[GROUP]), staff.text(posts[OTHER_GROUP])
    assert ("+380 50 123 4567" in here, "+380 67 111 2233" in here) == (True, False)
    assert ("+380 50 123 4567" in there, "+380 67 111 2233" in there) == (False, True)
    async with tasks_of(hub) as tasks:
        (task,) = await tasks.reading.open(None)
        await tasks.claim(task.id, Holder(id=person.id, name="101 Анна"))
    await staff.told()
    here, there = staff.text(posts[GROUP]), staff.text(posts[OTHER_GROUP])
    assert here.splitlines()[-1] == "✋ бере 101 Анна 09:02"
    assert there.splitlines()[-1] == "✋ взяли в іншій філії 09:02"
    async with tasks_of(hub) as tasks:
        await tasks.doing.close(task.id, "not_needed", "", frozenset({lviv}))
    await staff.told()
    assert staff.text(posts[GROUP]) == here, "the first shop still has to call"
    assert staff.text(posts[OTHER_GROUP]).splitlines()[-1] == "✅ не потрібно, 09:02"
