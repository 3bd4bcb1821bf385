"""Tables of crm; private to the module. Columns called `…_key` are made by rules.py and are what
is searched and compared; beside them stands what a person typed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.crm.views import Kind, Relation

Key = String().with_variant(String(collation="C"), "postgresql")
"""Compared byte by byte on both databases, so that "begins with" can use the index."""


class Client(Base):
    """A person or company; `name_key` is the folded name with a space before each word."""

    __tablename__ = "crm_clients"

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
    is_archived: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


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
