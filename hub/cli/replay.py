"""`replay`: a day's journal through today's rules, beside the history; taken over when a person says so."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.app import Hub
from hub.errors import Invalid
from hub.kernel.context import Apis, UnitOfWork
from hub.kernel.journal.days import JournalDays, Stretch
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import stored_trunks
from hub.modules.calls.api import CallsApi, Finding, ReplayReport, Retelling
from hub.settings import Settings

_AT_ONCE = 50
_SIGNS = {"differs": "~", "only_new": "+", "only_old": "-", "merged": ">"}


async def replay(settings: Settings, wanted: argparse.Namespace) -> bool:
    """Compare, print, and take over if asked; whether history and journal now say the same."""
    from hub.main import opened_hub

    zone = ZoneInfo(settings.shop.timezone)
    async with opened_hub(settings) as hub:
        day = _day(wanted.day, hub.installation.clock.now().astimezone(zone).date())
        since, until = _bounds(day, zone)
        told, stretch = await _retell(hub, settings, wanted.pbx, since, until)
        report = await _compare(hub, told, max(since, stretch.begins or since), until)
        _show(report, stretch, since, zone)
        if not wanted.take_over or not report.findings:
            return not report.findings
        await _take_over(hub, day, report.findings)
        left = await _compare(hub, told, max(since, stretch.begins or since), until)
    taken = len(report.findings) - len(left.findings)
    print(f"Taken over: {taken}. Left as they stand: {len(left.findings)}.")
    return not left.findings


def _day(text: str, today: date) -> date:
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    if text in named:
        return named[text]
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("replay.day", f"{text!r} is no day.", f"Write it like {today}.") from error


def _bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From midnight to midnight of the shop; on two days of the year that is not 24 hours."""
    begins, ends = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return begins.astimezone(ZoneInfo("UTC")), ends.astimezone(ZoneInfo("UTC"))


async def _retell(
    hub: Hub, settings: Settings, pbx: str | None, since: datetime, until: datetime
) -> tuple[Retelling, Stretch]:
    from hub.main import replay as build

    rules = build(settings)
    if pbx is not None and pbx != rules.source:
        raise Invalid("replay.pbx", f"There is no PBX {pbx!r}.", f"It is called {rules.source}.")
    trunks = await hub.database.read(stored_trunks)
    if trunks is not None:
        rules.set_trunks(trunks)
    days = JournalDays(Path(settings.journal.folder), rules)
    now = hub.installation.clock.now()

    def read() -> Retelling:
        told = Retelling()
        for arrival in rules.facts(days.records(since, until), now):
            told.hear(arrival)
        return told

    return await asyncio.to_thread(read), days.stretch


async def _compare(hub: Hub, told: Retelling, since: datetime, until: datetime) -> ReplayReport:
    installation = hub.installation
    async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        return await _api(hub, uow).replay.compare(told, since, until)


async def _take_over(hub: Hub, day: date, findings: Sequence[Finding]) -> None:
    """In small transactions, so that a hub that runs beside waits for none of them; calls before those
    that became a part of them."""
    run = new_id(hub.installation.clock)
    ordered = sorted(findings, key=lambda finding: finding.verdict == "merged")
    for start in range(0, len(ordered), _AT_ONCE):
        async with _writing(hub) as uow:
            await _api(hub, uow).replay.take_over(run, str(day), ordered[start : start + _AT_ONCE])
        await hub.relay.work_off()


def _writing(hub: Hub) -> AbstractAsyncContextManager[UnitOfWork]:
    installation = hub.installation
    return installation.transactions.writing(actor=None, shop_id=installation.default_shop)


def _api(hub: Hub, uow: UnitOfWork) -> CallsApi:
    return Apis(uow, hub.installation.deps, hub.installation.apis).of(CallsApi)


def _show(report: ReplayReport, stretch: Stretch, since: datetime, zone: ZoneInfo) -> None:
    if stretch.begins is not None and stretch.begins > since:
        begins = stretch.begins.astimezone(zone)
        print(f"The journal begins at {begins:%Y-%m-%d %H:%M:%S}: earlier calls are not compared.")
    for hole in stretch.holes:
        print(f"The journal is torn before {hole.astimezone(zone):%Y-%m-%d %H:%M:%S}.")
    for finding in report.findings:
        for line in _lines(finding, zone):
            print(line)
    counts = {name: report.count(name) for name in _SIGNS}
    print(
        f"{report.compared} calls compared: {report.same} the same, {counts['differs']} differ, "
        f"{counts['only_new']} only by the journal, {counts['only_old']} only in the history, "
        f"{counts['merged']} are now a part of another, {report.living} still go on."
    )


def _lines(finding: Finding, zone: ZoneInfo) -> Iterator[str]:
    begun = finding.started_at.astimezone(zone)
    yield f"{_SIGNS[finding.verdict]} {begun:%H:%M:%S} {finding.title}  [{finding.call_id}]"
    words = {
        "only_new": "only by the journal",
        "only_old": "only in the history",
        "merged": f"now a part of {finding.into_id}",
    }
    if finding.verdict in words:
        yield f"    {words[finding.verdict]}"
    for one in finding.differences:
        yield f"    {one.field}: {one.old} -> {one.new}"
    if finding.obstacle:
        yield f"    cannot be taken over: {finding.obstacle}"
