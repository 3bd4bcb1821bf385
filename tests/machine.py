"""What this machine can offer a test. What is missing is skipped aloud; with PITLINE_REQUIRE=all, as
in .ci/run, a skip is a failure."""

from __future__ import annotations

import os
import shutil
from functools import lru_cache

import pytest

CHROMIUM = "/usr/bin/chromium"


def missing(what: str, how: str) -> None:
    """Skip the test that needs it, or fail where everything is required."""
    text = f"{what} is not on this machine; {how}"
    if os.environ.get("PITLINE_REQUIRE") == "all":
        pytest.fail(text)
    pytest.skip(text)


def need_chromium() -> None:
    """For tests in a real browser."""
    if shutil.which(CHROMIUM) is None:
        missing("Chromium", "apt-get install chromium")


def need_asterisk() -> None:
    """For tests with a real PBX."""
    if reason := _asterisk_is_missing():
        missing("Asterisk 22", reason)


def need_espeak() -> None:
    """For tests with real speech."""
    if shutil.which("espeak-ng") is None:
        missing("espeak-ng", "apt-get install espeak-ng")


def need_sipp() -> str:
    """For tests in which another SIP stack than ours places the call; where the program is."""
    found = shutil.which("sipp")
    if found is None:
        missing("sipp", "apt-get install sip-tester")
    return found or ""


@lru_cache(maxsize=1)
def _asterisk_is_missing() -> str:
    from tests.asterisk.provision import CannotProvision, provision

    try:
        provision()
    except CannotProvision as error:
        return str(error)
    return ""
