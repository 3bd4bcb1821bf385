"""What a unit of work changes: rows with their fields before and after, seen from outside, so that no
service has to tell it.

A table says `info={"is_audited": False}` when nobody wants to read its changes (search indexes, counters).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, event, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from hub.kernel.masking import without_numbers

MOST_ROWS = 25
LONGEST_VALUE = 200
_SECRET = re.compile(r"(^|_)(hash|secret|password|token|code|key)(_|$)")
_DERIVED = re.compile(r"^rev$|_key$|^(tail|updated_at)$")

Fields = dict[str, Any]


@dataclass(slots=True)
class RowChange:
    """A row of a table: `before` is empty for a new one, `after` for one that is gone."""

    table: str
    row_id: str
    before: Fields = field(default_factory=dict)
    after: Fields = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, list[Any]]:
        """Name -> [before, after], of those that differ."""
        names = dict.fromkeys((*self.before, *self.after))
        both = {name: [self.before.get(name), self.after.get(name)] for name in names}
        return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


class Changes:
    """Follows a session from now on."""

    def __init__(self, session: AsyncSession) -> None:
        self._rows: dict[tuple[str, str], RowChange] = {}
        event.listen(session.sync_session, "after_flush", self._flushed)
        event.listen(session.sync_session, "do_orm_execute", self._executed)

    def take(self) -> list[RowChange]:
        """What was found since the last time."""
        found, self._rows = self.found(), {}
        return found

    def found(self) -> list[RowChange]:
        """In the order of the first touch. What was taken away and put back the same is no change."""
        rows = [row for row in self._rows.values() if row.fields]
        removed = {_content(row.table, row.before): row for row in rows if row.before and not row.after}
        same: set[int] = set()
        for row in rows:
            twin = removed.get(_content(row.table, row.after)) if row.after and not row.before else None
            if twin is not None and id(twin) not in same:
                same |= {id(twin), id(row)}
        return [row for row in rows if id(row) not in same]

    def _flushed(self, session: Session, _context: UOWTransaction) -> None:
        for row in session.new:
            self._note(row, {}, _values(row))
        for row in session.deleted:
            self._note(row, _values(row), {})
        for row in session.dirty:
            state = inspect(row)
            before, after = {}, {}
            for attribute in state.mapper.column_attrs:
                history = state.attrs[attribute.key].history
                if history.has_changes():
                    before[attribute.key] = history.deleted[0] if history.deleted else None
                    after[attribute.key] = history.added[0] if history.added else None
            if after:
                self._note(row, before, after)

    def _executed(self, state: ORMExecuteState) -> Any:
        """An UPDATE or DELETE statement: its rows are read before it, and again after it."""
        mapper = state.bind_mapper
        if mapper is None or not (state.is_update or state.is_delete):
            return None
        table = mapper.local_table
        if not isinstance(table, Table) or not _is_audited(table):
            return None
        statement: Any = state.statement
        if statement.whereclause is None or isinstance(state.parameters, list):
            return None
        connection = state.session.connection()
        query = select(table).where(statement.whereclause).limit(MOST_ROWS)
        before = [dict(row) for row in connection.execute(query, state.parameters or {}).mappings()]
        result = state.invoke_statement()
        keys = [column.name for column in table.primary_key]
        for row in before:
            same = [table.c[key] == row[key] for key in keys]
            after = connection.execute(select(table).where(*same)).mappings().first()
            self._add(table, row, dict(after) if after is not None else {})
        return result

    def _note(self, row: object, before: Fields, after: Fields) -> None:
        state = inspect(row)
        if state is None:
            return
        table = state.mapper.local_table
        if isinstance(table, Table) and _is_audited(table):
            keys = {
                key.key: getattr(row, key.key)
                for key in map(state.mapper.get_property_by_column, table.primary_key)
            }
            self._add(table, {**keys, **before} if before else {}, {**keys, **after} if after else {})

    def _add(self, table: Table, before: Fields, after: Fields) -> None:
        keys = [column.name for column in table.primary_key]
        row_id = " ".join(str((after or before).get(key, "")) for key in keys)
        shown = [_shown(values, keys) for values in (before, after)]
        known = self._rows.get((table.name, row_id))
        if known is None:
            self._rows[table.name, row_id] = RowChange(table.name, row_id, *shown)
        elif not shown[1]:
            known.after = {}
        elif known.after or not known.before:
            known.before = {**shown[0], **known.before} if known.before else {}
            known.after = {**known.after, **shown[1]}
        else:
            known.after = shown[1]


def told(changes: Sequence[RowChange]) -> dict[str, object]:
    """As the audit log keeps it: `{"changes": [{"table", "id", "fields": {name: [before, after]}}]}`;
    secrets are only said to have changed, numbers are masked, long texts cut."""
    rows = [
        {
            "table": row.table,
            "id": without_numbers(row.row_id[:100]),
            "how": "changed" if row.before and row.after else "added" if row.after else "removed",
            "fields": {
                name: [_told(row, name, value) for value in pair] for name, pair in row.fields.items()
            },
        }
        for row in changes[:MOST_ROWS]
    ]
    more = {"more": len(changes) - MOST_ROWS} if len(changes) > MOST_ROWS else {}
    return {"changes": rows, **more} if rows else {}


def _is_audited(table: Table) -> bool:
    return bool(table.info.get("is_audited", True))


def _values(row: object) -> Fields:
    state = inspect(row)
    assert state is not None
    return {a.key: state.dict[a.key] for a in state.mapper.column_attrs if a.key in state.dict}


def _shown(values: Mapping[str, Any], keys: Sequence[str]) -> Fields:
    return {name: value for name, value in values.items() if name not in keys and not _DERIVED.search(name)}


def _content(table: str, values: Fields) -> str:
    return repr((table, sorted(values.items(), key=lambda item: item[0])))


def _told(row: RowChange, name: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if _SECRET.search(name) or (name == "value" and _SECRET.search(row.row_id)):
        return "***"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    text = without_numbers(str(value))
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"
