"""Whose callers were erased since, among calls that somebody tells of once more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection

from hub.events.calls import CallSnapshot
from hub.kernel.clients import known_as_erased
from hub.modules.calls.rules import other_key

_MARKS_SECOND = timedelta(seconds=1)
"""A mark remembers whole seconds."""


def of_erased(calls: Iterable[CallSnapshot], country: str, connection: Connection) -> frozenset[str]:
    """The ids of those whose caller was erased after they had begun: under whatever id they are told."""
    keys = {call.call_id: key for call in calls if (key := other_key(call, country)) is not None}
    erased = known_as_erased(connection, set(keys.values()))
    return frozenset(
        call.call_id
        for call in calls
        if (until := erased.get(keys.get(call.call_id, ""))) is not None
        and call.started_at < until + _MARKS_SECOND
    )
