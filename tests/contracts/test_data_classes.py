"""Every table has a class: config/data.md names it, by its name or the beginning of it, or the card of its
module does: `Tables: fleet_trucks (business).`"""

from __future__ import annotations

import importlib
import re

from hub.kernel.storage.orm import Base
from tests.contracts.sources import ROOT, modules, package_of

TEXT = (ROOT / "config/data.md").read_text(encoding="utf-8")


IN_CARD = re.compile(r"\b([a-z]+_[a-z_]+) \((?:secret|personal|business|open)\)")


def test_every_table_has_a_class() -> None:
    in_cards: list[str] = []
    for path in modules():
        in_cards += IN_CARD.findall((path / "__init__.py").read_text(encoding="utf-8"))
        if (path / "models.py").exists():
            importlib.import_module(f"{package_of(path)}.models")
    named = re.findall(r"`([a-z]+(?:_[a-z_]+)?(?:_\*)?)`", TEXT)
    beginnings = tuple(name.removesuffix("*") for name in (*named, *in_cards))
    assert [table for table in Base.metadata.tables if not table.startswith(beginnings)] == []
