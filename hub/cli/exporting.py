"""`export`: clients, cars, calls, tasks as a file, also beside a running hub. Everything is only read, but
for the entry of the audit log; the file is written beside its place and put there when it is whole."""

from __future__ import annotations

import argparse
import csv
import difflib
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from hub.app import Hub
from hub.errors import Invalid
from hub.kernel.context import Apis
from hub.kernel.exporting import Export, ExportRow
from hub.kernel.plans import load_plans
from hub.kernel.spreadsheet import Sheet, cell
from hub.modules.access.api import AccessApi
from hub.settings import Settings

_ENDINGS = {".csv": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_MOST_IN_A_SHEET = 1_048_575


class Sink(Protocol):
    """Where the rows go."""

    def add(self, row: ExportRow) -> None: ...

    def close(self) -> None: ...


async def export(settings: Settings, wanted: argparse.Namespace) -> str:
    """Write the file; tells how much is in it. Raises Invalid."""
    from hub.main import opened_hub

    target, form = _target(wanted)
    async with opened_hub(settings) as hub:
        one = _export_of(hub, wanted.kind)
        zone = ZoneInfo(settings.shop.timezone)
        since = _since(wanted.since, zone)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
        part = Path(name)
        try:
            count = await _write(hub, one, since, _sink(form, part, one.columns, zone))
            await _note(hub, wanted, target, count)
            os.replace(part, target)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(part)
    return f"{target}: {one.kind}, {count} rows."


def _target(wanted: argparse.Namespace) -> tuple[Path, str]:
    target = Path(wanted.to)
    form = _ENDINGS.get(target.suffix.casefold())
    if form is None:
        raise Invalid(
            "export.format", f"{target.name} does not say what kind of file it is to be.",
            "End its name with .csv, .xlsx or .jsonl.",
        )  # fmt: skip
    if not target.parent.is_dir():
        raise Invalid("export.folder", f"There is no folder {target.parent}.", "Make it first.")
    if target.exists() and not wanted.replace:
        raise Invalid("export.there", f"{target} is there already.", "Choose another name, or say --replace.")
    return target, form


def _export_of(hub: Hub, kind: str) -> Export:
    """Raises Invalid for a kind that there is not, NotAllowed for one that the package lacks."""
    found = {one.kind: (module, one) for module in hub.modules for one in module.exports}
    if kind not in found:
        nearest = difflib.get_close_matches(kind, found, n=1, cutoff=0.0)
        raise Invalid(
            "export.kind", f"There is no export {kind!r}; did you mean {nearest[0]!r}?",
            "There are: " + "; ".join(f"{one.kind} ({one.about})" for _, one in found.values()) + ".",
        )  # fmt: skip
    module, one = found[kind]
    load_plans().demand(hub.installation.settings.shop.plan, one.feature or module.feature)
    return one


def _since(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid("export.day", f"{text!r} is no day.", "Write it like 2026-01-05.") from error


async def _write(hub: Hub, one: Export, since: datetime | None, sink: Sink) -> int:
    installation, cursor, count = hub.installation, None, 0
    try:
        while True:
            async with installation.transactions.reading(
                actor=None, shop_id=installation.default_shop
            ) as uow:
                stretch = await one.read(uow, installation.deps, since, cursor)
            for row in stretch.rows:
                sink.add(row)
            count, cursor = count + len(stretch.rows), stretch.next
            if cursor is None:
                return count
            if sys.stderr.isatty():
                print(f"... {count}", end="\r", file=sys.stderr)
    finally:
        sink.close()


async def _note(hub: Hub, wanted: argparse.Namespace, target: Path, count: int) -> None:
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        access = Apis(uow, installation.deps, installation.apis).of(AccessApi)
        said = {"kind": wanted.kind, "since": wanted.since or "", "rows": count, "file": target.name}
        access.audit.add("console.export", "done", subject=wanted.kind, details=said)


def _sink(form: str, part: Path, columns: Sequence[str], zone: ZoneInfo) -> Sink:
    def shown(value: object) -> object:
        """Moments by the shop's clock, as spreadsheets read them."""
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value

    if form == "xlsx":
        return _XlsxSink(part, columns, shown)
    return _CsvSink(part, columns, shown) if form == "csv" else _LinesSink(part)


class _CsvSink:
    """As Excel wants it: with the mark for Cyrillic, every cell quoted, nothing a formula."""

    def __init__(self, part: Path, columns: Sequence[str], shown: Callable[[object], object]) -> None:
        self._file = part.open("w", encoding="utf-8-sig", errors="replace", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._writer.writerow(columns)
        self._shown = shown

    def add(self, row: ExportRow) -> None:
        self._writer.writerow([cell(self._shown(one)) for one in row.cells])

    def close(self) -> None:
        self._file.close()


class _XlsxSink:
    """A workbook of one sheet."""

    def __init__(self, part: Path, columns: Sequence[str], shown: Callable[[object], object]) -> None:
        self._sheet = Sheet(str(part), columns)
        self._shown = shown

    def add(self, row: ExportRow) -> None:
        if self._sheet.rows == _MOST_IN_A_SHEET:
            raise Invalid(
                "export.too_long", f"A sheet holds no more than {_MOST_IN_A_SHEET} rows.",
                "Choose .csv or .jsonl, or a later --since.",
            )  # fmt: skip
        self._sheet.add([self._shown(one) for one in row.cells])

    def close(self) -> None:
        self._sheet.close()


class _LinesSink:
    """One JSON object a line, as the API gives it out."""

    def __init__(self, part: Path) -> None:
        self._file = part.open("w", encoding="utf-8", errors="replace", newline="\n")

    def add(self, row: ExportRow) -> None:
        self._file.write(row.whole.model_dump_json() + "\n")

    def close(self) -> None:
        self._file.close()
