"""The hot path's statements, built once: Core, a whole batch each, the same text on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, select, text, update

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.kernel.storage.prepared import Prepared, PreparedIn
from hub.modules.calls.models import IS_LIVE, Call, CallRecording, CountedDay, Line, Merged, Note, Person

_SELDOM = frozenset({"vehicle_id", "is_chosen"})
"""Set by people, never by facts."""
_ONCE = frozenset({"is_new"})
"""Said when the call begins, and never again."""
_calls = Base.metadata.tables["calls_calls"]
_written = tuple(column.name for column in _calls.c if column.name not in _SELDOM)

_KNOWN = select(
    Call.id, Call.rev, Call.step, Call.shop_id, Call.started_at, Call.to_number, Call.dialled, Call.line,
    Call.in_hours, Call.other_key, Call.our_key, Call.client_id, Call.is_chosen, Call.relation,
    Call.candidate_count,
).with_for_update()  # fmt: skip
PRESENT = PreparedIn(lambda ids: _KNOWN.where(Call.id.in_(ids)))
"""Locked where the database locks rows: a person may be choosing the client at this moment."""

INSERT = Prepared(insert(_calls).values({name: bindparam(f"v_{name}") for name in _written}))
INDEXED = ("started_at", "other_key", "our_key", "client_id")
"""What the lists look a call up by; it seldom changes once the call has begun."""


def _update(names: Iterable[str]) -> Prepared:
    values: dict[str, Any] = {name: bindparam(f"v_{name}") for name in names}
    return Prepared(
        update(_calls).where(Call.id == bindparam("v_id"), Call.step < bindparam("v_step")).values(values)
    )


# SQLite writes every index anew whose columns an UPDATE names, changed or not: on a long history
# these are pages all over the file, and each of them makes the commit longer.
_later = tuple(name for name in _written if name != "id" and name not in _ONCE)
UPDATE = _update(name for name in _later if name not in INDEXED)
UPDATE_WHOLE = _update(_later)
"""The revision is written explicitly: the hint names it before anybody could read it back."""

PUT_PEOPLE = Prepared(
    text(
        "INSERT INTO calls_people (call_id, who, started_at) VALUES (:call_id, :who, :started_at)"
        " ON CONFLICT DO NOTHING"
    ).bindparams(bindparam("started_at", type_=UtcDateTime))
)

LINES = PreparedIn(lambda numbers: select(Line.number, Line.shop_id).where(Line.number.in_(numbers)))
GONE = PreparedIn(lambda ids: select(Merged.call_id, Merged.into_id).where(Merged.call_id.in_(ids)))

KNOWN_NUMBER = Prepared(select(Call.id).where(Call.other_key == bindparam("v_key")).limit(1))
"""A number that has called before, or was called."""

RECOUNT = Prepared(
    delete(CountedDay).where(
        CountedDay.begins_at <= bindparam("v_at", type_=UtcDateTime),
        CountedDay.ends_at > bindparam("v_at", type_=UtcDateTime),
    )
)
"""The tallies of a day are not what its calls are any more; in no shop, for a line may have changed hands."""
RECOUNT_MERGED = delete(CountedDay).where(
    exists().where(
        Call.id == bindparam("v_id"), Call.started_at >= CountedDay.begins_at,
        Call.started_at < CountedDay.ends_at,
    )
)  # fmt: skip

CLOSE_GHOSTS = (
    update(Call)
    .where(IS_LIVE, Call.id.not_in(bindparam("living", expanding=True)))
    .values(state="ended", result="unknown", is_complete=False, parked_space=None, rev=Call.rev + 1)
    .returning(Call.id, Call.rev, Call.shop_id, Call.parties)
)
"""Their end was not seen, so they get none: never an invented time."""

PUT_MERGED = insert(Merged).values(call_id=bindparam("v_id"), into_id=bindparam("v_into"))
FORWARD_MERGED = update(Merged).where(Merged.into_id == bindparam("v_id")).values(into_id=bindparam("v_into"))
MOVE_NOTES = update(Note).where(Note.call_id == bindparam("v_id")).values(call_id=bindparam("v_into"))
DROP_PEOPLE = delete(Person).where(Person.call_id == bindparam("v_id"))
DROP_CALL = delete(Call).where(Call.id == bindparam("v_id"))
CHOSEN = select(Call.client_id, Call.vehicle_id).where(Call.id == bindparam("v_id"), Call.is_chosen)
CHOOSE = (
    update(Call)
    .where(Call.id == bindparam("v_id"), ~Call.is_chosen)
    .values(client_id=bindparam("v_client"), vehicle_id=bindparam("v_vehicle"), is_chosen=True)
)
TOUCH = (
    update(Call)
    .where(Call.id == bindparam("v_id"))
    .values(rev=Call.rev + 1)
    .returning(Call.rev, Call.shop_id, Call.parties)
)

RECORDINGS = PreparedIn(
    lambda ids: (
        select(CallRecording.call_id, CallRecording.recording_id)
        .where(CallRecording.call_id.in_(ids))
        .order_by(CallRecording.place, CallRecording.recording_id)
    )
)
ONE = Prepared(select(*_calls.c).where(Call.id == bindparam("call")))
SURVIVOR = Prepared(
    select(*_calls.c).join(Merged, Merged.into_id == Call.id).where(Merged.call_id == bindparam("call"))
)
"""A call for reading, and the one that a merged call became a part of."""
