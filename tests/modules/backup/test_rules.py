"""When a backup is due: each night of the shop once, a night that was slept through as well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.backup.keeping import BackupRun
from hub.modules.backup.rules import is_due, last_due, next_due

KYIV = ZoneInfo("Europe/Kyiv")
NIGHT = datetime(2026, 1, 5, 1, 30, tzinfo=UTC)
"""03:30 in Kyiv."""


def run_at(at: datetime, state: str = "done") -> BackupRun:
    return BackupRun(
        id="1", kind="scheduled", state=state, started_at=at, finished_at=at, path="", bytes=1,
        is_encrypted=False, files=0, seconds=1, rehearsal="ok", rehearsed_at=at, trouble="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "runs", "due"),
    [
        (NIGHT, [], True),
        (NIGHT + timedelta(hours=9), [], True),
        (NIGHT + timedelta(minutes=5), [run_at(NIGHT)], False),
        (NIGHT + timedelta(hours=23), [run_at(NIGHT + timedelta(minutes=1))], False),
        (NIGHT + timedelta(hours=24), [run_at(NIGHT + timedelta(minutes=1))], True),
        (NIGHT + timedelta(minutes=5), [run_at(NIGHT, "failed")], False),
        (NIGHT + timedelta(minutes=61), [run_at(NIGHT, "failed")], True),
        (NIGHT + timedelta(minutes=5), [run_at(NIGHT - timedelta(minutes=1))], True),
    ],
)
def test_one_is_due_when_the_night_has_none(now: datetime, runs: list[BackupRun], due: bool) -> None:
    assert is_due(now, "03:30", KYIV, runs) is due


def test_without_a_time_none_is_ever_due() -> None:
    assert not is_due(NIGHT, "", KYIV, [])


@given(st.integers(0, 730 * 24 * 60).map(lambda minutes: NIGHT + timedelta(minutes=minutes)))
def test_the_present_moment_lies_between_the_last_time_and_the_next(now: datetime) -> None:
    last, following = last_due(now, "03:30", KYIV), next_due(now, "03:30", KYIV)
    assert last <= now < following
    assert timedelta(hours=22) < following - last < timedelta(hours=26)
    assert (last.astimezone(KYIV).hour, last.astimezone(KYIV).minute) in ((3, 30), (4, 30))
