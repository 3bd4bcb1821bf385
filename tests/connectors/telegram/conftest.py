"""What all of these need."""

from __future__ import annotations

from importlib import import_module

import pytest


@pytest.fixture(scope="session", autouse=True)
def loaded() -> None:
    """Importing aiogram takes seconds, which are nobody's waiting for a connector."""
    import_module("connectors.telegram.api")
    import_module("connectors.telegram.speech")
