"""Fixtures with a real Asterisk: `sample_pbx`, `freepbx_pbx`; `asterisk` for a test that builds its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.asterisk.ami_tap import AmiTap
from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.provision import provision
from tests.machine import need_asterisk

ALWAYS_OPEN = {"extensions.conf:OPEN": "*,*,*,*"}


@pytest.fixture(scope="session")
def asterisk() -> str:
    """The version of the Asterisk at hand. Where none can be had: skipped aloud, or failed in CI."""
    need_asterisk()
    return provision()[1]


@pytest.fixture
async def sample_pbx(asterisk: str) -> AsyncIterator[AsteriskPbx]:
    """The sample of config/asterisk, open around the clock."""
    async with AsteriskPbx("sample", settings=ALWAYS_OPEN) as pbx:
        yield pbx


@pytest.fixture
async def freepbx_pbx(asterisk: str) -> AsyncIterator[AsteriskPbx]:
    """The FreePBX-shaped dialplan."""
    async with AsteriskPbx("freepbx") as pbx:
        yield pbx


@pytest.fixture
async def sample_tap(sample_pbx: AsteriskPbx) -> AsyncIterator[AmiTap]:
    """The sample's AMI as the user `pitline` sees it."""
    tap = AmiTap(sample_pbx.ami_host, sample_pbx.ami_port, sample_pbx.ami_user, sample_pbx.ami_secret)
    await tap.open()
    yield tap
    await tap.close()


@pytest.fixture
async def freepbx_tap(freepbx_pbx: AsteriskPbx) -> AsyncIterator[AmiTap]:
    """The FreePBX-shaped PBX's AMI as the user `pitline` sees it."""
    tap = AmiTap(freepbx_pbx.ami_host, freepbx_pbx.ami_port, freepbx_pbx.ami_user, freepbx_pbx.ami_secret)
    await tap.open()
    yield tap
    await tap.close()
