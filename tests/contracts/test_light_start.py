"""A hub that does not use a heavy library does not load it: a shop waits for the start, and its small
computer keeps what was loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "aiogram", "asyncssh", "openpyxl", "pydub", "twilio", "vosk", "asyncpg", "redis", "pytest",
    "vobject", "xlsxwriter",
)  # fmt: skip
"""Loaded by whoever runs such a connector, reads such a file, has such a database."""


@pytest.mark.slow
def test_what_few_need_is_loaded_when_it_is_needed() -> None:
    asked = f"import sys, hub.main; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
