"""Tables of calls; private to the module. No foreign key points at a call: the hot path writes
calls, their people and notes in any order of keys, and a merged call disappears."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ColumnElement, Index, String, Text, false, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.events.calls import CallResult, CallStateName, Direction, MissedReason
from hub.kernel.storage.orm import Base, UtcDateTime


class Call(Base):
    """One conversation. `step` is the newest fact that it shows; `other_key` is the outside number as
    crm matches it, `our_key` the number of ours beside it; `is_chosen`: a person, not the number,
    decided whose call it is; `is_new`: at its beginning nobody knew the number and it had never called nor
    been called (None: not noted). Parties, transfers and legs are JSON written by rules.py."""

    __tablename__ = "calls_calls"
    __table_args__ = (
        Index("ix_calls_calls_started_at", "started_at", "id"),
        Index("ix_calls_calls_other_key", "other_key", "started_at", "id"),
        Index("ix_calls_calls_our_key", "our_key", "started_at", "id"),
        Index("ix_calls_calls_client_id", "client_id", "started_at", "id"),
        Index(
            "ix_calls_calls_vehicle_id",
            "vehicle_id",
            sqlite_where=text("vehicle_id IS NOT NULL"),
            postgresql_where=text("vehicle_id IS NOT NULL"),
        ),
        Index(
            "ix_calls_calls_live",
            "started_at",
            "id",
            sqlite_where=text("state != 'ended'"),
            postgresql_where=text("state != 'ended'"),
        ),
        Index(
            "ix_calls_calls_rare_result",
            "result",
            "started_at",
            "id",
            sqlite_where=text("result != 'answered'"),
            postgresql_where=text("result != 'answered'"),
        ),
        Index(
            "ix_calls_calls_rare_direction",
            "direction",
            "started_at",
            "id",
            sqlite_where=text("direction != 'inbound'"),
            postgresql_where=text("direction != 'inbound'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    rev: Mapped[int]
    step: Mapped[int]
    shop_id: Mapped[str] = mapped_column(String(40))
    direction: Mapped[Direction] = mapped_column(String(16))
    from_number: Mapped[str | None] = mapped_column(Text)
    to_number: Mapped[str | None] = mapped_column(Text)
    other_number: Mapped[str | None] = mapped_column(Text)
    other_key: Mapped[str | None] = mapped_column(Text)
    our_key: Mapped[str | None] = mapped_column(Text)
    caller_name: Mapped[str | None] = mapped_column(Text)
    dialled: Mapped[str | None] = mapped_column(Text)
    trunk: Mapped[str | None] = mapped_column(Text)
    line: Mapped[str | None] = mapped_column(Text)
    queue: Mapped[str | None] = mapped_column(Text)
    state: Mapped[CallStateName] = mapped_column(String(16))
    result: Mapped[CallResult | None] = mapped_column(String(16))
    missed_reason: Mapped[MissedReason | None] = mapped_column(String(16))
    in_hours: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wait_seconds: Mapped[float | None]
    talk_seconds: Mapped[float]
    hold_seconds: Mapped[float]
    answered_by: Mapped[str | None] = mapped_column(Text)
    last_extension: Mapped[str | None] = mapped_column(Text)
    parties: Mapped[str] = mapped_column(Text)
    transfers: Mapped[str] = mapped_column(Text)
    legs: Mapped[str] = mapped_column(Text)
    parked_space: Mapped[str | None] = mapped_column(Text)
    client_id: Mapped[str | None] = mapped_column(String(26))
    vehicle_id: Mapped[str | None] = mapped_column(String(26))
    is_chosen: Mapped[bool] = mapped_column(server_default=false())
    relation: Mapped[str | None] = mapped_column(String(16))
    candidate_count: Mapped[int] = mapped_column(server_default=text("0"))
    is_complete: Mapped[bool]
    is_new: Mapped[bool | None]


ERASED_STEP = 2**31 - 1
"""The step of a call whose caller was erased: no fact is newer, so none writes their number again."""

IS_LIVE: ColumnElement[bool] = Call.state != literal_column("'ended'")
"""Spelled out, not bound: only so does the partial index of the live calls serve it."""

IS_RARE_RESULT: ColumnElement[bool] = Call.result != literal_column("'answered'")
IS_RARE_DIRECTION: ColumnElement[bool] = Call.direction != literal_column("'inbound'")
"""Said beside a filter for a result or direction that few calls have: so its partial index serves, which
an answered inbound call never touches."""


class Person(Base):
    """Who of ours took part (extension or mobile): the index behind the filter "person"."""

    __tablename__ = "calls_people"
    __table_args__ = (Index("ix_calls_people_who", "who", "started_at", "call_id"),)

    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    who: Mapped[str] = mapped_column(String(64), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Merged(Base):
    """A call that turned out to be a part of another one: its id still answers."""

    __tablename__ = "calls_merged"
    __table_args__ = (Index("ix_calls_merged_into_id", "into_id"),)

    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    into_id: Mapped[str] = mapped_column(String(128))


class Note(Base):
    """What somebody wrote to a call."""

    __tablename__ = "calls_notes"
    __table_args__ = (Index("ix_calls_notes_call_id", "call_id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    call_id: Mapped[str] = mapped_column(String(128))
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str | None] = mapped_column(String(80))
    author_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Line(Base):
    """A number of ours that the world dials. `number` is its matching key, else as received.
    `capacity`: how many calls its trunk carries at once (None: not known); `trunk`: a pattern of the
    PBX's endpoints that it comes by; `callback_number`: what the called see when we call back."""

    __tablename__ = "calls_lines"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    number: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text, server_default="")
    shop_id: Mapped[str] = mapped_column(String(40))
    capacity: Mapped[int | None]
    trunk: Mapped[str] = mapped_column(String(100), server_default="")
    callback_number: Mapped[str] = mapped_column(String(64), server_default="")


class Gap(Base):
    """A time in which calls may be missing; `ended_at` None: it goes on."""

    __tablename__ = "calls_gaps"
    __table_args__ = (Index("ix_calls_gaps_began_at", "began_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    pbx: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    dropped: Mapped[int] = mapped_column(server_default=text("0"))


class Trunk(Base):
    """An endpoint of the PBX that is an outside line, and how many channels live on it."""

    __tablename__ = "calls_trunks"
    __table_args__ = ({"info": {"is_audited": False}},)

    pbx: Mapped[str] = mapped_column(String(40), primary_key=True)
    endpoint: Mapped[str] = mapped_column(String(200), primary_key=True)
    channels: Mapped[int]


class Full(Base):
    """A time in which an outside line (`trunk`: the pattern that our lines name; "" with `is_all`: every one
    of the shop) carried all the calls it can: nobody knows who rang in vain. `ended_at` None: it goes on."""

    __tablename__ = "calls_full"
    __table_args__ = (
        Index("ix_calls_full_began_at", "began_at"),
        Index("ix_calls_full_open", "id", sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
        {"info": {"is_audited": False}},
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    shop_id: Mapped[str] = mapped_column(String(40))
    trunk: Mapped[str] = mapped_column(String(100))
    lines: Mapped[list[str]] = mapped_column(JSON)
    capacity: Mapped[int]
    is_all: Mapped[bool]
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CountedDay(Base):
    """A local day of a shop (days since 1970) whose calls are added up in the tallies. It is taken back with
    the first fact that changes one of its calls; `basis` says by which clock and rule it was counted, or that
    it is still being counted."""

    __tablename__ = "calls_days"
    __table_args__ = ({"info": {"is_audited": False}},)

    shop_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    basis: Mapped[str] = mapped_column(Text)
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Tally(Base):
    """How many calls of a counted day went so: by one facet (hour, line, queue, ...) and its value."""

    __tablename__ = "calls_tallies"
    __table_args__ = ({"info": {"is_audited": False}},)

    shop_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    facet: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    direction: Mapped[str] = mapped_column(String(16), primary_key=True)
    in_hours: Mapped[bool] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int]
    talk_seconds: Mapped[float]
    wait_seconds: Mapped[float]


class CallRecording(Base):
    """Which recordings a call has, in the order of their beginning; the recordings themselves are the module
    recordings' own."""

    __tablename__ = "calls_recordings"
    __table_args__ = ({"info": {"is_audited": False}},)

    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    recording_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    place: Mapped[float]


class CountedMonth(Base):
    """A month of a shop that is added up, of everybody (`who` empty) or of a person's phones. It holds while
    all its days are counted; counting one of them anew takes it back."""

    __tablename__ = "calls_months"
    __table_args__ = ({"info": {"is_audited": False}},)

    shop_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    who: Mapped[str] = mapped_column(Text, primary_key=True)
    basis: Mapped[str] = mapped_column(Text)
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MonthTally(Base):
    """How many calls of a counted month went so, by one facet (slot, line, queue, ...) and its value."""

    __tablename__ = "calls_month_tallies"
    __table_args__ = ({"info": {"is_audited": False}},)

    shop_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    who: Mapped[str] = mapped_column(Text, primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    facet: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    direction: Mapped[str] = mapped_column(String(16), primary_key=True)
    in_hours: Mapped[bool] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int]
    talk_seconds: Mapped[float]
    wait_seconds: Mapped[float]


class ImportedCall(Base):
    """A call that an older PBX had written down, with the names of the files that it was recorded in."""

    __tablename__ = "calls_imported"
    __table_args__ = ({"info": {"is_audited": False}},)

    call_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    recordings: Mapped[list[str]] = mapped_column(JSON)
