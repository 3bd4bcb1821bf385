"""Tables of webhooks: who is told, what there is to tell, how each try went."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime

PENDING, DELIVERED, PARKED = "pending", "delivered", "parked"


class Endpoint(Base):
    """An address that is told of facts. `shop_id` None = of every shop; `events` is JSON, a list of wire
    names, areas (`call.*`) or `*`. The secrets are sealed; while `old_secret_until` lasts both sign."""

    __tablename__ = "webhooks_endpoints"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    rev: Mapped[int] = mapped_column(Integer)
    shop_id: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column("sealed_secret", String(200))
    old_secret: Mapped[str | None] = mapped_column("sealed_old_secret", String(200))
    old_secret_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_active: Mapped[bool] = mapped_column(Boolean)
    off_reason: Mapped[str] = mapped_column(String(16), default="")
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    not_before: Mapped[float] = mapped_column(Float(53), default=0.0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Delivery(Base):
    """A fact for an endpoint, `body` being the very bytes that are signed and sent."""

    __tablename__ = "webhooks_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index("ix_webhooks_deliveries_endpoint_id_id", "endpoint_id", "id"),
        Index(
            "ix_webhooks_deliveries_open",
            "endpoint_id", "not_before",
            sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'"),
        ),
        {"info": {"is_audited": False}},
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(Integer, default=1)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhooks_endpoints.id"))
    event_id: Mapped[str] = mapped_column(String(40))
    event_name: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default=PENDING)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    not_before: Mapped[float] = mapped_column(Float(53), default=0.0)
    claimed_until: Mapped[float] = mapped_column(Float(53), default=0.0)
    token: Mapped[str | None] = mapped_column(String(26))
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str] = mapped_column(String(300), default="")


class Attempt(Base):
    """One try: when, what was answered (its first kilobyte), after how many milliseconds."""

    __tablename__ = "webhooks_attempts"
    __table_args__ = ({"info": {"is_audited": False}},)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("webhooks_deliveries.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None] = mapped_column(Integer)
    ms: Mapped[int] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(300), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
