"""`pitline replay DAY`: the journal of a day beside the history, and what is taken over of it."""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from connectors.ami.replay import AmiReplay
from connectors.ami.tracker import TrackerSettings, outcome, snapshots
from hub.app import Hub
from hub.cli.replay import replay
from hub.clock import SystemClock
from hub.errors import Invalid
from hub.kernel.context import Apis
from hub.kernel.journal.days import JournalDays
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from hub.modules.access.models import AuditEntry
from hub.modules.calls.api import CallFilter, CallsApi, CallView
from hub.modules.calls.models import Person
from hub.modules.calls.service_links import LinkService
from hub.settings import Settings
from tests.factories.crm import crm_of, make_client
from tests.factories.journals import Raw, login, own, stream, write_journal

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
DAY = "2026-03-03"
VOICEMAIL, QUEUE, BUSY = "03_missed_to_voicemail", "01_queue_answered", "04_busy"
RULES = TrackerSettings()


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def a_day() -> list[Raw]:
    """Three calls, ten minutes apart, in one log-in."""
    records = [login(minutes(-1440)), own(minutes(-1440), "NoPicture")]
    for number, name in enumerate((QUEUE, VOICEMAIL, BUSY)):
        records += stream(name, minutes(10 * number))
    return records


@pytest.fixture
def shop(settings: Settings) -> Settings:
    """Quiet: what a command logs would else be written to the captured stream of a test before."""
    return replace(
        settings, shop=replace(settings.shop, country="RU"), log=replace(settings.log, level="critical")
    )


class Site:
    """A hub whose history was made of what its journal holds."""

    def __init__(self, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.settings = settings
        self.hub = Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(self.folder, 10_000))

    @property
    def folder(self) -> Path:
        return Path(self.settings.journal.folder)

    async def lived(self, records: Sequence[Raw], rules: TrackerSettings = RULES) -> None:
        """These records came from the PBX, and the tracker of that day made calls of them."""
        await self.hub.start()
        raw = [(at, 1, one) for at, one in records]
        for arrival in AmiReplay(rules).facts(raw, raw[-1][0] + timedelta(minutes=1)):
            await self.hub.intake.accept([arrival])
        await self.hub.stop()

    async def calls(self) -> dict[str, CallView]:
        await self.hub.open()
        async with self.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            api = Apis(uow, self.hub.installation.deps, self.hub.installation.apis).of(CallsApi)
            page = await api.history(CallFilter(), limit=200)
        await self.hub.close()
        return {call.from_number or call.id: call for call in page.items}

    @property
    def said(self) -> str:
        """What was printed since the last replay began."""
        return self._capsys.readouterr().out

    async def replay(self, day: str = DAY, *, take_over: bool = False, pbx: str | None = None) -> bool:
        self._capsys.readouterr()
        return await replay(self.settings, argparse.Namespace(day=day, take_over=take_over, pbx=pbx))


@pytest.fixture
def site(shop: Settings, capsys: pytest.CaptureFixture[str]) -> Site:
    return Site(shop, capsys)


@pytest.fixture
def old_rule(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A rule that was wrong, voicemail taken for a missed call, until the returned word mends it."""
    right = outcome.result

    def wrong(*given: object) -> object:
        found = right(*given)
        return "missed" if found == "voicemail" else found

    monkeypatch.setattr(snapshots, "result", wrong)
    return lambda: monkeypatch.setattr(snapshots, "result", right)


async def test_a_day_that_was_followed_whole_comes_out_of_its_journal_as_it_stands(site: Site) -> None:
    write_journal(site.folder, a_day())
    await site.lived(a_day())
    assert await site.replay()
    assert site.said == (
        "3 calls compared: 3 the same, 0 differ, 0 only by the journal, 0 only in the history, "
        "0 are now a part of another, 0 still go on.\n"
    )


async def test_a_mended_rule_is_shown_field_by_field_and_nothing_is_written(
    site: Site, old_rule: Callable[[], None]
) -> None:
    write_journal(site.folder, a_day())
    await site.lived(a_day())
    before = await site.calls()
    old_rule()
    assert not await site.replay()
    said = site.said.splitlines()
    assert said[0].startswith("~ 14:10:0")
    assert "inbound +79165550103" in said[0]
    assert said[1:-1] == ["    result: missed -> voicemail"]
    assert "2 the same, 1 differ," in said[-1]
    assert await site.calls() == before


async def test_what_is_taken_over_keeps_notes_and_the_client_that_a_person_chose(
    site: Site, old_rule: Callable[[], None]
) -> None:
    write_journal(site.folder, a_day())
    await site.lived(a_day())
    call = (await site.calls())["+79165550103"]
    await site.hub.open()
    chosen = await make_client(site.hub, "Ірина", "0501234567")
    async with site.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        api = Apis(uow, site.hub.installation.deps, site.hub.installation.apis).of(CallsApi)
        await api.add_note(call.id, "asked for the estimate", author_name="Olena")
        await LinkService(uow).choose(call.id, chosen.id, None)
        uow.session.add(Person(call_id=call.id, who="999", started_at=call.started_at))
    await site.hub.close()
    old_rule()
    assert await site.replay(take_over=True)
    assert "Taken over: 1. Left as they stand: 0." in site.said
    after = (await site.calls())["+79165550103"]
    assert (after.result, after.missed_reason) == ("voicemail", "rang_out")
    assert after.client_id == chosen.id
    assert after.rev > call.rev
    await site.hub.open()
    async with site.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        api = Apis(uow, site.hub.installation.deps, site.hub.installation.apis).of(CallsApi)
        notes = await api.notes([call.id])
        audited = list(await uow.session.scalars(select(AuditEntry).where(AuditEntry.subject == call.id)))
        people = set(await uow.session.scalars(select(Person.who).where(Person.call_id == call.id)))
    await site.hub.close()
    assert [note.text for note in notes[call.id]] == ["asked for the estimate"]
    assert [entry.action for entry in audited] == ["calls.corrected"]
    assert '"result": ["missed", "voicemail"]' in audited[0].details
    assert "999" not in people
    assert await site.replay()


async def test_whose_data_was_erased_stays_erased_though_the_journal_knows_them(
    site: Site, old_rule: Callable[[], None]
) -> None:
    write_journal(site.folder, a_day())
    await site.lived(a_day())
    await site.hub.open()
    async with crm_of(site.hub) as crm:
        await crm.erasing.erase_number("+79165550103", "лист", None)
    await site.hub.close()
    old_rule()
    assert await site.replay(take_over=True)
    assert "79165550103" not in site.said
    assert "+79165550103" not in await site.calls()


async def test_a_call_that_only_one_side_knows_is_told_and_the_new_one_is_taken(site: Site) -> None:
    head, voicemail, busy = a_day()[:2], stream(VOICEMAIL, minutes(10)), stream(BUSY, minutes(20))
    write_journal(site.folder, [*head, *voicemail])
    await site.lived([*head, *busy])
    assert not await site.replay(take_over=True)
    said = site.said
    assert "+ 14:10:0" in said
    assert "- 14:20:0" in said
    assert "cannot be taken over" in said
    assert "Taken over: 1. Left as they stand: 1." in said
    assert set(await site.calls()) == {"+79165550103", "+79165550104"}


async def test_a_call_belongs_to_the_day_on_which_it_began(site: Site) -> None:
    """Midnight in Kyiv is 22:00 UTC: the queue's call began before it and ended behind it."""
    midnight = datetime(2026, 3, 3, 22, 0, tzinfo=UTC)
    records = [login(midnight - timedelta(days=2)), own(midnight - timedelta(days=2), "NoPicture")]
    records += stream(QUEUE, midnight - timedelta(seconds=5))
    records += stream(BUSY, midnight + timedelta(minutes=2))
    write_journal(site.folder, records)
    await site.lived(records)
    for day in ("2026-03-03", "2026-03-04"):
        assert await site.replay(day)
        assert "1 calls compared: 1 the same" in site.said
    assert (await site.calls())["+79161234567"].ended_at > midnight  # type: ignore[operator]  # it has ended


async def test_packed_days_and_a_log_in_of_days_before_are_found(site: Site) -> None:
    records = [login(minutes(-3 * 1440)), own(minutes(-3 * 1440), "NoPicture"), *a_day()[2:]]
    write_journal(site.folder, records)
    await site.lived(records)
    for path in list(site.folder.glob("*.log")):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert await site.replay()


async def test_a_torn_journal_is_told_and_never_makes_a_whole_call_less_whole(site: Site) -> None:
    records = [login(minutes(-5)), own(minutes(-5), "NoPicture"), *stream(QUEUE, NOON)]
    write_journal(site.folder, records)
    await site.lived(records)
    path = site.folder / f"ami-{DAY}.log.gz"
    whole = gzip.decompress(path.read_bytes())
    cut = whole.index(b"Event: Hangup") + 20
    path.write_bytes(gzip.compress(whole[: cut - 400] + whole[cut:]))
    assert not await site.replay(take_over=True)
    said = site.said
    assert "The journal is torn before 2026-03-03 14:00:" in said
    assert "the journal is not whole here" in said
    assert (await site.calls())["+79161234567"].is_complete


async def test_calls_that_a_killed_hub_left_open_are_closed_by_the_replay_as_they_were(site: Site) -> None:
    cut = [record for record in stream(QUEUE, NOON) if record[0] < NOON + timedelta(seconds=6)]
    records = [login(minutes(-5)), own(minutes(-5), "NoPicture"), *cut]
    records += [login(minutes(3)), own(minutes(3), "Picture"), *stream(BUSY, minutes(10))]
    write_journal(site.folder, records)
    await site.lived(records)
    assert (await site.calls())["+79161234567"].result == "unknown"
    assert await site.replay()


async def test_a_call_that_goes_on_is_left_alone(site: Site) -> None:
    now = datetime.now(UTC)
    begun = [r for r in stream(QUEUE, now - timedelta(seconds=8)) if r[0] < now]
    records = [login(now - timedelta(minutes=1)), own(now - timedelta(minutes=1), "NoPicture"), *begun]
    write_journal(site.folder, records)
    await site.lived(records)
    call = (await site.calls())["+79161234567"]
    assert call.is_live
    kyiv = call.started_at.astimezone(ZoneInfo("Europe/Kyiv"))
    assert await site.replay(str(kyiv.date()), take_over=True)
    assert "1 still go on" in site.said
    assert (await site.calls())["+79161234567"] == call


@pytest.mark.parametrize(
    ("day", "hint"), [("2020-01-01", "from 2026-03-02 to 2026-03-03"), ("soon", "Write it")]
)
async def test_a_day_that_cannot_be_replayed_is_answered_with_what_can(
    site: Site, day: str, hint: str
) -> None:
    write_journal(site.folder, a_day())
    with pytest.raises(Invalid) as caught:
        await site.replay(day)
    assert hint in caught.value.hint


async def test_without_a_journal_it_says_where_one_comes_from(site: Site) -> None:
    with pytest.raises(Invalid, match="holds nothing of") as caught:
        await site.replay()
    assert "HUB_AMI__HOST" in caught.value.hint


async def test_another_pbx_is_named(site: Site) -> None:
    write_journal(site.folder, a_day())
    with pytest.raises(Invalid) as caught:
        await site.replay(pbx="branch")
    assert "ami" in caught.value.hint


def test_a_file_cut_inside_its_packed_bytes_still_gives_what_stands_before(tmp_path: Path) -> None:
    write_journal(tmp_path, a_day())
    path = tmp_path / f"ami-{DAY}.log"
    packed = gzip.compress(path.read_bytes())
    path.with_name(path.name + ".gz").write_bytes(packed[: len(packed) // 2])
    path.unlink()
    days = JournalDays(tmp_path, AmiReplay(RULES))
    read = list(days.records(NOON, minutes(60)))
    assert 0 < len(read) < len(a_day())
    assert days.stretch.begins == minutes(-1440)


def test_reading_twice_gives_the_same_facts() -> None:
    raw = [(at, 1, one) for at, one in a_day()]
    first, second = (list(AmiReplay(RULES).facts(raw, raw[-1][0])) for _ in range(2))
    assert first == second
    assert len(first) > 10
