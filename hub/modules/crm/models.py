"""Tables of crm; private to the module. Columns called `…_key` are made by rules.py and are what
is searched and compared; beside them stands what a person typed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.crm.views import ChangeKind, Kind, Relation, RequestState, RoleName, Subject

Key = String().with_variant(String(collation="C"), "postgresql")
"""Compared byte by byte on both databases, so that "begins with" can use the index."""


class Client(Base):
    """A person or company; `name_key` is the folded name with a space before each word. `messengers` are
    `{"kind", "address"}`; with a `blocked_reason` the client stands on the black list. `merged_into`: it was
    the same as that one, is archived, and its id leads there."""

    __tablename__ = "crm_clients"
    __table_args__ = (
        Index(
            "ix_crm_clients_source", "source", "id",
            sqlite_where=text("source != ''"), postgresql_where=text("source != ''"),
        ),
        Index("ix_crm_clients_name_key", "name_key"),
        Index("ix_crm_clients_relation", "relation", "id"),
        Index(
            "ix_crm_clients_merged_into", "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"), postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    kind: Mapped[Kind] = mapped_column(String(16))
    relation: Mapped[Relation] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text)
    emails: Mapped[list[str]] = mapped_column(JSON)
    language: Mapped[str | None] = mapped_column(String(8))
    tags: Mapped[list[str]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text, server_default="")
    messengers: Mapped[list[dict[str, str]]] = mapped_column(JSON, server_default=text("'[]'"))
    source: Mapped[str] = mapped_column(Key, server_default="")
    segments: Mapped[list[str]] = mapped_column(JSON, server_default=text("'[]'"))
    blocked_reason: Mapped[str | None] = mapped_column(Text)
    birthday: Mapped[str] = mapped_column(String(10), server_default="")
    is_archived: Mapped[bool] = mapped_column(server_default=false())
    merged_into: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Segment(Base):
    """A segment that a client is in: what lists are narrowed by; `crm_clients.segments` says the same."""

    __tablename__ = "crm_segments"
    __table_args__ = (
        Index("ix_crm_segments_segment", "segment", "client_id"),
        {"info": {"is_audited": False}},
    )

    client_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"), primary_key=True)
    segment: Mapped[str] = mapped_column(Key, primary_key=True)


class Word(Base):
    """A word of a client's name, folded: names are found by the beginning of any word."""

    __tablename__ = "crm_words"
    __table_args__ = (
        Index("ix_crm_words_word", "word", "client_id"),
        {"info": {"is_audited": False}},
    )

    client_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Key, primary_key=True)


class Phone(Base):
    """A phone of a client. `key` is what matches a caller (None: never matches anybody); `tail` is
    the key's digits backwards, for "the last digits". Shared phones are normal: unique per client."""

    __tablename__ = "crm_phones"
    __table_args__ = (
        UniqueConstraint("client_id", "key"),
        Index("ix_crm_phones_key", "key", "client_id"),
        Index("ix_crm_phones_tail", "tail", "client_id"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"))
    position: Mapped[int]
    number: Mapped[str] = mapped_column(Text)
    raw: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text, server_default="")
    is_main: Mapped[bool] = mapped_column(server_default=false())
    key: Mapped[str | None] = mapped_column(Key)
    tail: Mapped[str | None] = mapped_column(Key)


class Vehicle(Base):
    """A car. Plates may repeat (re-issued to another car), VINs may not."""

    __tablename__ = "crm_vehicles"
    __table_args__ = (
        UniqueConstraint("vin"),
        Index("ix_crm_vehicles_plate_key", "plate_key", "id"),
        Index("ix_crm_vehicles_vin", "vin", "id"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    plate: Mapped[str | None] = mapped_column(Text)
    plate_key: Mapped[str | None] = mapped_column(Key)
    vin: Mapped[str | None] = mapped_column(Key)
    make: Mapped[str] = mapped_column(Text, server_default="")
    model: Mapped[str] = mapped_column(Text, server_default="")
    title_key: Mapped[str] = mapped_column(Key, server_default="")
    year: Mapped[int | None]
    mileage_km: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, server_default="")
    is_archived: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Ownership(Base):
    """Who owned a car from `since` until the day before `until`; at most one at a time."""

    __tablename__ = "crm_ownerships"
    __table_args__ = (
        Index("ix_crm_ownerships_client_id", "client_id"),
        Index("ix_crm_ownerships_vehicle_id", "vehicle_id"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"))
    vehicle_id: Mapped[str] = mapped_column(ForeignKey("crm_vehicles.id", ondelete="CASCADE"))
    since: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)


class Role(Base):
    """What a client is to a vehicle (`vehicle_id`) or to another client (`of_client_id`): one of the two."""

    __tablename__ = "crm_roles"
    __table_args__ = (
        Index("ix_crm_roles_client_id", "client_id"),
        Index("ix_crm_roles_of_client_id", "of_client_id"),
        Index("ix_crm_roles_vehicle_id", "vehicle_id"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    role: Mapped[RoleName] = mapped_column(String(16))
    client_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"))
    of_client_id: Mapped[str | None] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"))
    vehicle_id: Mapped[str | None] = mapped_column(ForeignKey("crm_vehicles.id", ondelete="CASCADE"))
    note: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Mileage(Base):
    """A reading of a car's counter; the newest one by day is the car's mileage."""

    __tablename__ = "crm_mileages"
    __table_args__ = (Index("ix_crm_mileages_vehicle_id", "vehicle_id", "read_on", "id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    vehicle_id: Mapped[str] = mapped_column(ForeignKey("crm_vehicles.id", ondelete="CASCADE"))
    read_on: Mapped[date] = mapped_column(Date)
    km: Mapped[int]
    note: Mapped[str] = mapped_column(Text, server_default="")
    actor: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Change(Base):
    """What somebody changed of a client or vehicle: `fields` are name -> [before, after]."""

    __tablename__ = "crm_changes"
    __table_args__ = (
        Index("ix_crm_changes_subject_id", "subject_id", "id"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    subject: Mapped[Subject] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(26))
    what: Mapped[ChangeKind] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(String(80))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)


class Merge(Base):
    """Two records that were one client. `before` and `after` are the kept one's entry, `moved` what each
    module moved, so that it can be undone."""

    __tablename__ = "crm_merges"
    __table_args__ = (
        Index("ix_crm_merges_from_id", "from_id"),
        Index("ix_crm_merges_into_id", "into_id", "id"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    from_id: Mapped[str] = mapped_column(String(26))
    into_id: Mapped[str] = mapped_column(String(26))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(String(80))
    was_archived: Mapped[bool]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    moved: Mapped[dict[str, Any]] = mapped_column(JSON)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(String(80))


class Apart(Base):
    """Two records that look alike and are two: not proposed again. `one_id` sorts before `other_id`."""

    __tablename__ = "crm_apart"

    one_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"), primary_key=True)
    actor: Mapped[str | None] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Twin(Base):
    """Two records that looked alike when a job looked at everybody; the surest in front."""

    __tablename__ = "crm_twins"
    __table_args__ = (
        Index("ix_crm_twins_place", "place"),
        Index("ix_crm_twins_other_id", "other_id"),
        {"info": {"is_audited": False}},
    )

    one_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int]


class TwinLook(Base):
    """One row: when the job looked last."""

    __tablename__ = "crm_twin_looks"
    __table_args__ = ({"info": {"is_audited": False}},)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Learned(Base):
    """Of several who have a number, the one that a person chose on the desk."""

    __tablename__ = "crm_learned"
    __table_args__ = (Index("ix_crm_learned_client_id", "client_id"),)

    key: Mapped[str] = mapped_column(Key, primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("crm_clients.id", ondelete="CASCADE"))
    actor: Mapped[str | None] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ErasedClient(Base):
    """That a person's data were erased on request: no name stands here. `client_id` empty: of the caller
    nothing but the number was known. `touched` rows of other modules."""

    __tablename__ = "crm_erasures"
    __table_args__ = (Index("ix_crm_erasures_client_id", "client_id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(String(80))
    second: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    touched: Mapped[int]


class ErasureRequest(Base):
    """Somebody asked to be forgotten: a client, or a caller of whom nothing is known but the `number` (a
    matching key). `state`: open, done, refused. When it is done, number and words are gone."""

    __tablename__ = "crm_erasure_requests"
    __table_args__ = (
        Index("ix_crm_erasure_requests_state", "state", "due_at"),
        Index("ix_crm_erasure_requests_client_id", "client_id"),
        Index("ix_crm_erasure_requests_number", "number"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    shop_id: Mapped[str] = mapped_column(String(40))
    client_id: Mapped[str | None] = mapped_column(String(26))
    number: Mapped[str | None] = mapped_column(Key)
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[RequestState] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[str | None] = mapped_column(String(80))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    answer: Mapped[str] = mapped_column(Text)
