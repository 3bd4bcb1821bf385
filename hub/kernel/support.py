"""The support bundle: one file for whoever helps, with what they need and nobody's secrets or numbers.

Settings are masked, the journal keeps only headers that name nobody, and every text that came from
outside loses its numbers, keys and hashes.
"""

from __future__ import annotations

import asyncio
import io
import json
import platform
import re
import sqlite3
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, table

from hub.kernel.backup.keeping import Backups
from hub.kernel.journal.files import read_journal
from hub.kernel.masking import without_numbers
from hub.kernel.storage.database import Database
from hub.kernel.stream.dead_letters import DeadFilter
from hub.kernel.system import System, program_version
from hub.log import LogLine, LogMemory
from hub.reading import masked, sections_of
from hub.secret import Secret
from hub.settings import Settings

_LAST_RECORDS = 300
_PLAIN_HEADERS = frozenset({
    "event", "uniqueid", "linkedid", "destuniqueid", "destlinkedid", "channelstate", "channelstatedesc",
    "cause", "cause-txt", "dialstatus", "bridgetype", "bridgenumchannels", "queue", "application", "pitline",
    "boot", "session", "first", "dropped", "timestamp", "priority",
})  # fmt: skip
_CREDENTIALS = re.compile(r"(://)[^/@\s]+@")
_NUMBER = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){5,}")
_HASH = re.compile(r"\$argon2\S*")
_LONG_WORD = re.compile(r"[A-Za-z0-9_+/=$-]{24,}")


class Support:
    """For the command and the page alike. `lines`: the log of this process, as far as it is kept."""

    def __init__(
        self, database: Database, system: System, backups: Backups, settings: Settings, lines: LogMemory
    ) -> None:
        self._database = database
        self._system = system
        self._backups = backups
        self._settings = settings
        self.lines = lines

    def log(self, at_least: str = "debug") -> list[LogLine]:
        """The last lines, newest first, for whoever looks after this system: without secrets, without
        numbers that could be dialled."""
        return [replace(one, text=_readable(one.text, self._settings)) for one in self.lines.lines(at_least)]

    async def bundle(self) -> bytes:
        """The zip. Raises Unavailable where the database does not answer."""
        settings = self._settings
        report = await self._system.report()
        parts = {
            "versions.json": json.dumps(_versions(), indent=1),
            "settings.txt": "\n".join(
                f"{name} = {scrubbed(value, settings)}" for name, value in masked(settings)
            ),
            "system.json": json.dumps(asdict(report), indent=1, default=str),
            "counts.json": json.dumps(await self._database.read(_counts), indent=1),
            "troubles.txt": "\n".join(await self._troubles()),
            "log.txt": "\n".join(
                f"{one.at.isoformat(timespec='milliseconds')} {one.level:<7} {scrubbed(one.text, settings)}"
                for one in reversed(self.lines.lines())
            ),
        }
        return await asyncio.to_thread(_packed, parts, Path(settings.journal.folder))

    async def _troubles(self) -> list[str]:
        """What failed last: deliveries and backups."""
        dead = [
            f"delivery {one.handler} {one.event_name}: {scrubbed(one.last_error, self._settings)}"
            for one in await self._system.letters.page(DeadFilter())
        ]
        backups = [
            f"backup {run.started_at:%Y-%m-%d %H:%M} {run.state}: {scrubbed(run.trouble, self._settings)}"
            for run in await self._backups.last()
        ]
        return [*dead, *backups]


def _packed(parts: Mapping[str, str], journal: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in parts.items():
            bundle.writestr(name, content)
        bundle.writestr("journal.txt", "\n\n".join(_journal(journal)))
    return buffer.getvalue()


def scrubbed(said: str, settings: Settings) -> str:
    """A text without secrets of the settings, credentials in addresses, long keys, and numbers."""
    for secret in secrets_of(settings):
        said = said.replace(secret, "***")
    said = _HASH.sub("***", _CREDENTIALS.sub(r"\1***@", said))
    return _NUMBER.sub("###", _LONG_WORD.sub("***", said))


def _readable(said: str, settings: Settings) -> str:
    """A line of the log without secrets and numbers; ids stay, for they tell which lines belong together."""
    for secret in secrets_of(settings):
        said = said.replace(secret, "***")
    return without_numbers(_HASH.sub("***", _CREDENTIALS.sub(r"\1***@", said)))


def secrets_of(settings: Settings) -> list[str]:
    """Every secret that is set, the longest first."""
    found: list[str] = []
    for section in sections_of(settings).values():
        values = [getattr(section, one.name) for one in fields(section)]
        found += [part for value in values if isinstance(value, Secret) for part in value.value.split(",")]
    return sorted(filter(None, found), key=len, reverse=True)


def _versions() -> dict[str, str]:
    return {
        "pitline": program_version(), "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version, "system": platform.platform(),
    }  # fmt: skip


def _counts(connection: Connection) -> dict[str, int]:
    names = sorted(inspect(connection).get_table_names())
    counted = {name: select(func.count()).select_from(table(name)) for name in names}
    return {name: int(connection.scalar(query) or 0) for name, query in counted.items()}


def _journal(folder: Path) -> Iterator[str]:
    """The last records of the newest file, without what could name anybody."""
    files: Sequence[Path] = sorted(folder.glob("*.log*"), key=lambda path: path.name.split(".log")[0])
    if not files:
        return
    records = [(record.at, record.raw) for record in read_journal(files[-1])][-_LAST_RECORDS:]
    for at, raw in records:
        lines = (line.partition(": ") for line in raw.decode("utf-8", "replace").splitlines())
        kept = [f"{name}: {value}" for name, _, value in lines if name.lower() in _PLAIN_HEADERS]
        yield "\n".join([at.isoformat(timespec="milliseconds"), *kept])
