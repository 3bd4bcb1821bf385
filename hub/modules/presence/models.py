"""Tables of presence; private to the module."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.events.phones import PhoneCondition
from hub.events.presence import ChosenPresence
from hub.kernel.storage.orm import Base, UtcDateTime

_BY_THE_PBX = {"info": {"is_audited": False}}


class Phone(Base):
    """A device of the PBX, and since when it is as it is."""

    __tablename__ = "presence_phones"
    __table_args__ = (_BY_THE_PBX,)

    pbx: Mapped[str] = mapped_column(String(40), primary_key=True)
    device: Mapped[str] = mapped_column(String(200), primary_key=True)
    extension: Mapped[str] = mapped_column(String(200))
    condition: Mapped[PhoneCondition] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class Member(Base):
    """A phone in a queue; `since` its condition stands, `paused_at` while it is paused."""

    __tablename__ = "presence_members"
    __table_args__ = (_BY_THE_PBX,)

    pbx: Mapped[str] = mapped_column(String(40), primary_key=True)
    queue: Mapped[str] = mapped_column(String(200), primary_key=True)
    interface: Mapped[str] = mapped_column(String(200), primary_key=True)
    extension: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(Text)
    condition: Mapped[PhoneCondition] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    is_paused: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Queue(Base):
    """A queue of the PBX, also one that nobody is in."""

    __tablename__ = "presence_queues"
    __table_args__ = (_BY_THE_PBX,)

    pbx: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)


class Link(Base):
    """What is known of a PBX's phones: `known_at` they were all asked for; `unknown_since` the line is away
    (None: it was not, since then). `rev` grows with every change."""

    __tablename__ = "presence_links"
    __table_args__ = (_BY_THE_PBX,)

    pbx: Mapped[str] = mapped_column(String(40), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    known_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unknown_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Chosen(Base):
    """What a person said of themselves; `until` None: until they say otherwise."""

    __tablename__ = "presence_chosen"
    __table_args__ = (Index("ix_presence_chosen_until", "until"),)

    person_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int]
    kind: Mapped[ChosenPresence] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(80))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
