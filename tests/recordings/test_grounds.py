"""What a recording stands on, seen from files and from the library: colleagues, the filter, programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import Connection, select

from hub.app import Hub
from hub.kernel.clients import Erasure
from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.service_clients import RECORDS
from recordings.api import RecordingsApi
from recordings.models import NamedFile, SpoolFile
from recordings.models_basis import CallBasis
from recordings.rules_basis import Policy
from recordings.rules_names import last_part
from tests.factories.calls import ended, snapshot, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.faults.figures import Fault
from tests.recordings.stage import Spool, open_spool
from tests.recordings.test_sharing import post

Browser = TestClient[Any, Any]
FOR_MEMORY = "цю розмову, щоб нічого не забути"


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


async def told(hub: Hub, call_id: str, notice: str) -> None:
    """What the other side of a call heard."""
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        uow.session.add(
            CallBasis(
                call_id=call_id, rev=1, shop_id=FIRST_SHOP, notice=notice, noted_name="", stop_erases=False,
                stop_reason="", stop_name="",
            )
        )  # fmt: skip


async def names(hub: Hub, call_id: str, path: str) -> None:
    """The PBX said into which file it records the call."""
    row = NamedFile(
        id="n1", name=last_part(path), path=path, call_id=call_id, uniqueid="1767596530.12",
        at=hub.installation.clock.now(),
    )  # fmt: skip
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        uow.session.add(row)


def spool_paths(connection: Connection) -> Sequence[str]:
    return connection.execute(select(SpoolFile.path)).scalars().all()


@pytest.mark.fault("F70")
async def test_a_file_of_a_talk_among_colleagues_is_erased_as_it_comes(
    hub: Hub, spool: Spool, fault: Fault
) -> None:
    with fault.run("internal"):
        await tell_calls(hub, ended("b1:1700000000.77", 0, "answered", direction="internal"))
        await recording(hub, call_id="b1:1700000000.77")
        await settled(hub)
        (kept,) = await spool.recordings()
        assert kept.state == "erased"
        async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            found = await RecordingsApi(uow, hub.installation.deps).erasing.why([kept.id])
        assert found[kept.id].rule == "internal"


@pytest.mark.fault("F70")
@pytest.mark.parametrize("is_named", [True, False], ids=["named by the PBX", "known by a channel alone"])
async def test_a_file_that_comes_after_its_caller_was_erased_is_erased_too(
    hub: Hub, spool: Spool, fault: Fault, is_named: bool
) -> None:
    name, uniqueid = "in-0501234567-1767596530.12.wav", "1767596530.12"
    with fault.run("late"):
        call = ended("b1:the first channel", 0, "answered")
        await tell_calls(hub, replace(call, legs=(*call.legs, replace(call.legs[0], uniqueid=uniqueid))))
        if is_named:
            await names(hub, call.call_id, f"/var/spool/{name}")
        who = Erasure(
            client_ids=frozenset(), numbers=frozenset({"+380501234567"}), until=hub.installation.clock.now()
        )
        assert await hub.database.write(lambda connection: RECORDS.erase(connection, who)) == 1
        spool.write(f"done/{name}")
        assert await spool.look() == 1
        assert [(one.state, one.source_name) for one in await spool.recordings()] == [("erased", "")]
        assert (spool.in_store(), spool.in_spool()) == ([], [])
        assert not any("0501234567" in path for path in await hub.database.read(spool_paths))


async def test_a_recording_whose_call_is_found_late_goes_when_its_caller_was_erased_meanwhile(
    hub: Hub, spool: Spool
) -> None:
    spool.write("done/1767596530.12.wav")
    assert await spool.look() == 1
    call = ended("b1:1767596530.12", 0, "answered")
    await tell_calls(hub, replace(call, legs=(replace(call.legs[0], uniqueid="1767596530.12"),)))
    who = Erasure(client_ids=frozenset(), numbers=frozenset({"+380501234567"}), until=spool.clock.now())
    await hub.database.write(lambda connection: RECORDS.erase(connection, who))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await RecordingsApi(uow, hub.installation.deps).linking.link_late(
            spool.clock.now() - timedelta(days=3)
        )
    await settled(hub)
    assert [one.state for one in await spool.recordings()] == ["erased"]


async def test_the_library_finds_recordings_by_what_the_other_side_was_told(owner: Browser, hub: Hub) -> None:
    made = {}
    for number, notice in enumerate(("played", "spoken", "none")):
        await tell_calls(hub, ended(f"c{number}", number, "answered"))
        made[notice] = (await recording(hub, call_id=f"c{number}", offset=number)).id
        if notice != "none":
            await told(hub, f"c{number}", notice)
    await settled(hub)
    for notice, recording_id in made.items():
        answer = await owner.get(f"/api/v1/recordings?notice={notice}")
        items = (await answer.json())["items"]
        assert [(one["id"], one["notice"]) for one in items] == [(recording_id, notice)]
        page = await (await owner.get(f"/recordings?notice={notice}")).text()
        assert f"/recordings/{recording_id}" in page
    assert (await owner.get("/api/v1/recordings?notice=shouted")).status == 422


async def test_the_page_of_a_call_does_not_say_stopped_where_the_pbx_did_not_allow_it(
    owner: Browser, hub: Hub
) -> None:
    await tell_calls(hub, snapshot("c1", state="talking", answered_at=hub.installation.clock.now()))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        uow.session.add(
            CallBasis(
                call_id="c1", rev=1, shop_id=FIRST_SHOP, notice="none", noted_name="", stop_rule="stopped",
                stop_erases=True, stop_reason="", stop_name="", stop_state="unseen",
            )
        )  # fmt: skip
    page = await (await owner.get("/calls/c1")).text()
    assert 'data-recording="not_known"' in page
    assert 'class="rec-live is-doubt"' in page
    assert "АТС не дає Pitline його зупинити" in page
    assert "Запис зупинено." not in page


@pytest.mark.parametrize(
    ("policy", "script", "key"),
    [
        (Policy(profile="notice"), "Ця розмова записується, щоб нічого не забути.", "Сказано"),
        (Policy(profile="opt_in"), f"Ми хотіли б записати {FOR_MEMORY}. Ви згодні?", "Згодні"),
        (Policy(profile="opt_in", script="Пишемо розмову, добре?"), "Пишемо розмову, добре?", "Згодні"),
    ],
)  # fmt: skip
async def test_on_an_outbound_call_the_script_stands_on_the_card_until_one_press_notes_that_it_was_said(
    owner: Browser, hub: Hub, policy: Policy, script: str, key: str
) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await RecordingsApi(uow, hub.installation.deps).basis.save(FIRST_SHOP, policy)
    now = hub.installation.clock.now()
    await tell_calls(hub, snapshot("c1", direction="outbound", state="talking", answered_at=now))
    page = await (await owner.get("/calls/c1")).text()
    assert f'<blockquote class="rec-script">{script}</blockquote>' in page
    assert f"{key} <kbd>Y</kbd>" in page
    agreed = {"agreed": "1"} if policy.profile == "opt_in" else {}
    await post(owner, "/recordings/live/c1/notice", agreed, 303)
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        noted = (await RecordingsApi(uow, hub.installation.deps).basis.of(["c1"]))["c1"]
    assert (noted.notice, noted.consent) == ("spoken", "given" if agreed else None)
    assert "rec-script" not in await (await owner.get("/calls/c1")).text()
