"""Tables of imports; private to the module."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.modules.imports.views import FileFormat, FileKind, FileState


class ImportFile(Base):
    """An uploaded file. `head` and `sample` are its first rows, `mapping` says what each column means,
    `position` how many rows are done; `counts` are rows by what became of them."""

    __tablename__ = "imports_files"
    __table_args__ = (Index("ix_imports_files_shop_id", "shop_id", "id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    rev: Mapped[int] = mapped_column(server_default=text("1"))
    shop_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[FileKind] = mapped_column(String(16))
    format: Mapped[FileFormat] = mapped_column(String(16))
    encoding: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    head: Mapped[list[str]] = mapped_column(JSON)
    sample: Mapped[list[list[str]]] = mapped_column(JSON)
    mapping: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[FileState] = mapped_column(String(16))
    is_dry: Mapped[bool]
    position: Mapped[int]
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_id: Mapped[str | None] = mapped_column(String(40))
    actor: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Chunk(Base):
    """A part of the compressed file; dropped when it was taken in."""

    __tablename__ = "imports_chunks"
    __table_args__ = ({"info": {"is_audited": False}},)

    file_id: Mapped[str] = mapped_column(ForeignKey("imports_files.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Fault(Base):
    """What was wrong with a line."""

    __tablename__ = "imports_faults"
    __table_args__ = (
        Index("ix_imports_faults_file_id", "file_id", "line"),
        {"info": {"is_audited": False}},
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("imports_files.id", ondelete="CASCADE"))
    line: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    row: Mapped[str] = mapped_column(Text)


class Mapping(Base):
    """What the columns of files with this head meant the last time."""

    __tablename__ = "imports_mappings"

    head: Mapped[str] = mapped_column(String(64), primary_key=True)
    mapping: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
