"""Tables of access: shops and their hours, people, log-ins, tokens, the audit log."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Date, Double, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime


class Shop(Base):
    """A shop (branch); its zone, country and currency rule what its people see."""

    __tablename__ = "access_shops"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    timezone: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    language: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(Text, server_default="")
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    requisites: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rev: Mapped[int] = mapped_column(Integer, default=1)


class Hours(Base):
    """When a shop is open on a weekday (0 = Monday), in minutes of the shop's local day."""

    __tablename__ = "access_hours"

    shop_id: Mapped[str] = mapped_column(ForeignKey("access_shops.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(Integer, primary_key=True)
    opens: Mapped[int] = mapped_column(Integer, primary_key=True)
    closes: Mapped[int] = mapped_column(Integer)


class Holiday(Base):
    """A day with hours of its own; without `opens` the shop is closed all day."""

    __tablename__ = "access_holidays"

    shop_id: Mapped[str] = mapped_column(ForeignKey("access_shops.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    title: Mapped[str] = mapped_column(String(100), default="")
    opens: Mapped[int | None] = mapped_column(Integer)
    closes: Mapped[int | None] = mapped_column(Integer)


class Person(Base):
    """An employee; with a `login` also a user of the web admin."""

    __tablename__ = "access_people"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    shop_id: Mapped[str] = mapped_column(ForeignKey("access_shops.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(32))
    mobile: Mapped[str | None] = mapped_column(String(32), index=True)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    login: Mapped[str | None] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_is_one_time: Mapped[bool] = mapped_column(Boolean, default=False)
    password_set_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password_change_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    language: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rev: Mapped[int] = mapped_column(Integer, default=1)


class Extension(Base):
    """A phone's name on the PBX belongs to one person."""

    __tablename__ = "access_extensions"

    extension: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("access_people.id"), index=True)


class Membership(Base):
    """A further shop of a person, besides the one that the row of the person names."""

    __tablename__ = "access_memberships"

    person_id: Mapped[str] = mapped_column(ForeignKey("access_people.id"), primary_key=True)
    shop_id: Mapped[str] = mapped_column(ForeignKey("access_shops.id"), primary_key=True)


class Role(Base):
    """A role of the installation's own: rights with their reach, as JSON. `base` is the fixed role that
    it began as a copy of, and gives it its rank. One that is removed stays for the history."""

    __tablename__ = "access_roles"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    base: Mapped[str] = mapped_column(String(32))
    rights: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rev: Mapped[int] = mapped_column(Integer, default=1)


class Invitation(Base):
    """A one-time link by which a person chooses log-in and password; only its hash is kept."""

    __tablename__ = "access_invitations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("access_people.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    maker_id: Mapped[str | None] = mapped_column(ForeignKey("access_people.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Factor(Base):
    """A person's authenticator app, its seed sealed. Counts from `confirmed_at` on; `last_step` is the
    30 s step of the code that was used last, so that none is good twice."""

    __tablename__ = "access_factors"

    person_id: Mapped[str] = mapped_column(ForeignKey("access_people.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(Integer, default=0)


class RecoveryCode(Base):
    """A code for the day when the phone is lost: good once, hashed like a password."""

    __tablename__ = "access_recovery_codes"
    __table_args__ = ({"info": {"is_audited": False}},)

    person_id: Mapped[str] = mapped_column(ForeignKey("access_people.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(200))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Challenge(Base):
    """A password that was right and waits, for some minutes, for the code of the second factor."""

    __tablename__ = "access_challenges"
    __table_args__ = ({"info": {"is_audited": False}},)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("access_people.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Session(Base):
    """A log-in of a browser; only the hash of its token is kept."""

    __tablename__ = "access_sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("access_people.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")


class Token(Base):
    """A program's key to the API: the rights of its role, never more than its maker's."""

    __tablename__ = "access_tokens"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    shop_id: Mapped[str] = mapped_column(ForeignKey("access_shops.id"))
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(32))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    beginning: Mapped[str] = mapped_column(String(16))
    maker_id: Mapped[str | None] = mapped_column(ForeignKey("access_people.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    per_minute: Mapped[int | None] = mapped_column(Integer)


class Device(Base):
    """A browser that a person has signed in with before: strangers cannot lock it out."""

    __tablename__ = "access_devices"
    __table_args__ = ({"info": {"is_audited": False}},)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("access_people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoginTry(Base):
    """A try to log in, written before the password is looked at, so that tries at the same moment
    cannot outrun the brakes. `failed` is lifted when the password was right."""

    __tablename__ = "access_login_tries"
    __table_args__ = (
        Index("ix_access_login_tries_account_at", "account", "at"),
        Index("ix_access_login_tries_address_at", "address", "at"),
        Index("ix_access_login_tries_at", "at"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    account: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(64))
    failed: Mapped[bool] = mapped_column(Boolean, default=True)


class AuditEntry(Base):
    """Who did what, and who was refused. Rows are only ever added, which the database itself sees to;
    each holds the hash of its predecessor and of itself (rules_audit.py)."""

    __tablename__ = "access_audit"
    __table_args__ = (
        Index("ix_access_audit_seq", "seq", unique=True),
        Index("ix_access_audit_shop_id_seq", "shop_id", "seq"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    shop_id: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str | None] = mapped_column(String(80), index=True)
    action: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(32), default="")
    details: Mapped[str] = mapped_column(Text, default="")
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The end of the chain, kept apart, so that rows missing at the end are noticed. One row, which is
    locked while the next entry is made."""

    __tablename__ = "access_audit_head"
    __table_args__ = ({"info": {"is_audited": False}},)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class Approval(Base):
    """What takes a second person and was asked for by the API. `person_id` is who is behind it ("" =
    nobody), `fingerprint` which request it was."""

    __tablename__ = "access_approvals"
    __table_args__ = (
        Index("ix_access_approvals_state", "state", "until"),
        Index("ix_access_approvals_actor", "actor", "fingerprint"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    shop_id: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[str] = mapped_column(String(32))
    operation: Mapped[str] = mapped_column(String(80))
    right: Mapped[str] = mapped_column(String(80))
    fingerprint: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Mark(Base):
    """Something that happens once in an installation's life; the primary key decides a race."""

    __tablename__ = "access_marks"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Option(Base):
    """A setting that is changed on the settings page, as JSON."""

    __tablename__ = "access_options"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
