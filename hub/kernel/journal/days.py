"""One day of the journal with what is needed to understand it: from the log-in before it to its last
call's end. Days are the shop's, files are by UTC: whoever asks gives moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from hub.errors import Invalid
from hub.kernel.journal.files import of_source, read_journal, sources_of
from hub.ports.replay import RawRecord, Replay

LONGEST_CALL = timedelta(hours=24)
"""How far behind a day's end its last call may end."""


@dataclass(slots=True)
class Stretch:
    """What was found: where the understanding begins, and how often the journal was torn since."""

    begins: datetime | None = None
    holes: list[datetime] = field(default_factory=list)
    records: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """A record by its file and its number in it."""

    file: int
    record: int
    at: datetime


class JournalDays:
    """The journal of one source, for a replay."""

    def __init__(self, folder: Path, replay: Replay) -> None:
        self._folder = folder
        self._replay = replay
        self._files = of_source(folder, replay.source)
        self.stretch = Stretch()

    def records(self, since: datetime, until: datetime) -> Iterator[RawRecord]:
        """The records from the log-in that the period needs, to the end of its longest call. Raises
        Invalid where the journal holds nothing of the period."""
        last = (until + LONGEST_CALL).date()
        if not any(since.date() <= day <= until.date() for day, _ in self._files):
            raise self._nothing((until - timedelta(seconds=1)).date())
        place = self._login_before(since)
        yield from self._read(place, last)

    def _read(self, place: _Place | None, last: date) -> Iterator[RawRecord]:
        torn = False

        def tear() -> None:
            nonlocal torn
            torn = True

        begun = False
        for number, (day, path) in enumerate(self._files):
            if (place is not None and number < place.file) or day > last:
                continue
            for count, record in enumerate(read_journal(path, tear)):
                if place is not None and number == place.file and count < place.record:
                    torn = False
                    continue
                if not begun and self._replay.begins(record.raw) is None:
                    torn = False
                    continue  # to which life of the PBX it belongs is not known
                begun = True
                self.stretch.begins = self.stretch.begins or record.at
                if torn:
                    torn = False
                    self.stretch.holes.append(record.at)
                    yield record.at, record.session, self._replay.hole()
                self.stretch.records += 1
                self.stretch.last = record.at
                yield record.at, record.session, record.raw

    def _login_before(self, since: datetime) -> _Place | None:
        """The last first log-in of a process at or before a moment, else the oldest log-in there is."""
        for number in range(len(self._files) - 1, -1, -1):
            day, path = self._files[number]
            if day > since.date():
                continue
            found: _Place | None = None
            for count, record in enumerate(read_journal(path)):
                if record.at > since:
                    break
                if self._replay.begins(record.raw):
                    found = _Place(number, count, record.at)
            if found is not None:
                return found
        return None

    def _nothing(self, day: date) -> Invalid:
        days = [known for known, _ in self._files]
        if days:
            hint = f"It reaches from {days[0]} to {days[-1]}."
        elif others := sources_of(self._folder):
            hint = f"It holds messages of {', '.join(others)}: name one of them with --pbx."
        else:
            hint = "It is written while Pitline runs with a PBX (HUB_AMI__HOST)."
        text = f"The journal in {self._folder} holds nothing of {day}."
        return Invalid("journal.no_day", text, hint)
