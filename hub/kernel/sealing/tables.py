"""What the database knows of the keys: which one new secrets are sealed with, by its id alone."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from hub.kernel.storage.orm import Base, UtcDateTime

sealing_key = Table(
    "sealing_key",
    Base.metadata,
    Column("id", String(16), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    info={"is_audited": False},
)
"""One row, from the first start on."""
