"""config/data.md names a class for every table: by its name or by the beginning of it."""

from __future__ import annotations

import importlib
import re

from hub.kernel.storage.orm import Base
from tests.contracts.sources import ROOT, modules

TEXT = (ROOT / "config/data.md").read_text(encoding="utf-8")


def test_every_table_has_a_class() -> None:
    for path in modules():
        if (path / "models.py").exists():
            importlib.import_module(f"hub.modules.{path.name}.models")
    named = re.findall(r"`([a-z]+(?:_[a-z_]+)?(?:_\*)?)`", TEXT)
    beginnings = tuple(name.removesuffix("*") for name in named)
    assert [table for table in Base.metadata.tables if not table.startswith(beginnings)] == []
