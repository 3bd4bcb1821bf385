"""Bounds what the inbox keeps: bodies of what is done and old are emptied, the quarantine is trimmed by
number, size and age, and what names somebody who is erased goes. What was seen stays known."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, delete, func, select, text, update

from hub.clock import Clock
from hub.kernel.hooks.tables import DONE, hook_refused, hook_requests
from hub.kernel.storage.database import Database
from hub.kernel.stream.pruning import first_id
from hub.settings import HooksSettings

_PORTION = 1000
_EACH = 60.0
MOST_BYTES = 20 * 1024 * 1024
_TOLD_APART = 9
"""So many last digits of a number tell it from others in any writing."""


class Keeping:
    """Looks after it once a minute, a portion at a time."""

    def __init__(self, database: Database, clock: Clock, settings: HooksSettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._next = clock.monotonic() + _EACH

    async def tend(self) -> None:
        """Do a portion, if it is time. Raises Unavailable."""
        now = self._clock.monotonic()
        if now < self._next:
            return
        self._next = now + _EACH
        moment = self._clock.now()
        before = moment - timedelta(days=self._settings.keep_days)
        await self._database.write(partial(forget, before=before))
        refused_before = moment - timedelta(days=self._settings.refused_keep_days)
        await self._database.write(
            partial(trim, before=refused_before, most=self._settings.refused_most, most_bytes=MOST_BYTES)
        )


def forget(connection: Connection, before: datetime) -> int:
    """Empty a portion of what is done and older; how many."""
    t = hook_requests.c
    old = (
        select(t.id)
        .where(text("body IS NOT NULL"), t.id < first_id(before), t.state == DONE)
        .order_by(t.id)
        .limit(_PORTION)
    )
    return connection.execute(
        update(hook_requests)
        .where(t.id.in_(old.scalar_subquery()))
        .values(body=None, headers="{}", query="", sender="")
    ).rowcount


def trim(connection: Connection, before: datetime, most: int, most_bytes: int) -> int:
    """Drop what is old, and the oldest of what is too much; how many."""
    t = hook_refused.c
    dropped = connection.execute(delete(hook_refused).where(t.id < first_id(before))).rowcount
    newest = (
        select(t.id, func.sum(t.size + 1000).over(order_by=t.id.desc()).label("bytes"))
        .order_by(t.id.desc())
        .subquery()
    )
    fits = select(newest.c.id).where(newest.c.bytes <= most_bytes).order_by(newest.c.id.desc()).limit(most)
    kept = list(connection.scalars(fits))
    if kept:
        dropped += connection.execute(delete(hook_refused).where(t.id < kept[-1])).rowcount
    return dropped


def forget_numbers(connection: Connection, numbers: Collection[str], until: datetime) -> int:
    """Requests that came until then and name one of these numbers, in any writing, lose all but the knowledge
    that they were seen; refused ones go. How many."""
    digits = {"".join(filter(str.isdigit, one))[-_TOLD_APART:] for one in numbers}
    wanted = [one.encode() for one in sorted(digits) if len(one) == _TOLD_APART]
    if not wanted:
        return 0
    touched = 0
    for table in (hook_requests, hook_refused):
        t = table.c
        query = select(t.id, t.query, t.headers, t.sender, t.body).where(t.received_at <= until)
        rows = connection.execute(query.where(t.body.is_not(None)).execution_options(yield_per=200))
        named = [
            row.id for row in rows
            if any(one in b" ".join(_only_digits(part) for part in row[1:]) for one in wanted)
        ]  # fmt: skip
        touched += len(named)
        for start in range(0, len(named), 400):
            mine = t.id.in_(named[start : start + 400])
            if table is hook_refused:
                connection.execute(delete(table).where(mine))
                continue
            empty = {"state": DONE, "body": None, "headers": "{}", "query": "", "sender": "", "error": None}
            connection.execute(update(table).where(mine).values(empty))
    return touched


def _only_digits(part: str | bytes | memoryview) -> bytes:
    """Numbers are written with spaces, brackets, dashes; a plus in a form is `%2B`."""
    raw = part.encode() if isinstance(part, str) else bytes(part)
    return raw.translate(None, b" ()-+.").replace(b"%20", b"").replace(b"%28", b"").replace(b"%29", b"")
