"""The bundle for whoever helps holds no secret and nobody's number, wherever they may have got to."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.catalogue import SECTIONS
from hub.app import Hub
from hub.cli.bundle import write_bundle
from hub.clock import SystemClock
from hub.kernel.backup.tables import backup_runs
from hub.kernel.context import Apis
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.support import scrubbed
from hub.main import MODULES
from hub.modules.access.api import AccessApi
from hub.reading import load, masked
from hub.secret import Secret
from hub.settings import Settings
from tests.factories.crm import make_client
from tests.factories.journals import login, stream, write_journal

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Zm9vYmFyZm9vYmFyZm9vYmFy"


@pytest.mark.slow
async def test_no_secret_hash_token_or_whole_number_is_in_it(settings: Settings, tmp_path: Path) -> None:
    settings = replace(
        settings,
        ami=replace(settings.ami, host="pbx", username="u", secret=Secret("hush-pbx")),
        twilio=replace(settings.twilio, auth_token=Secret("old-one,new-one"), from_number="+380441112233"),
        redis=replace(settings.redis, url="redis://:redis-word@cache/0"),
        log=replace(settings.log, level="critical"),
    )
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(tmp_path / "j", 30))
    await hub.open()
    await make_client(hub, "Ірина Коваль", "0501234567")
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        access = Apis(uow, hub.installation.deps, hub.installation.apis).of(AccessApi)
        _, key = await access.tokens.create("till", "owner")
        await access.create_person("Olena", "owner", login="olena", password_hash=HASH)
    run = {"id": "1", "kind": "manual", "state": "failed", "started_at": NOON, "is_encrypted": False}
    leak = f"+380501234567 050 123-45-67 {key} {HASH} hush-pbx new-one"
    await hub.database.write(
        lambda connection: connection.execute(backup_runs.insert().values(**run, trouble=leak))
    )
    stored = await hub.database.read(
        lambda connection: connection.scalar(text("SELECT token_hash FROM access_tokens"))
    )
    await hub.close()
    write_journal(Path(settings.journal.folder), [login(NOON), *stream("01_queue_answered", NOON)])
    path = tmp_path / "bundle.zip"
    await write_bundle(settings, path)
    with zipfile.ZipFile(path) as bundle:
        said = {name: bundle.read(name).decode() for name in bundle.namelist()}
    everything = "\n".join(said.values())
    for forbidden in (
        "hush-pbx", "old-one", "new-one", "redis-word", key, HASH, str(stored), "argon2", "Ірина",
        "0501234567", "380501234567", "123-45-67", "441112233", "79161234567", "9161234567",
        *(sealing_key.text() for sealing_key in hub.seal.store.load()),
    ):  # fmt: skip
        assert forbidden not in everything, forbidden
    assert json.loads(said["counts.json"])["crm_clients"] == 1
    assert "Event: Hangup" in said["journal.txt"]
    assert re.search(r"backup 2026-03-03 12:00 failed", said["troubles.txt"])
    assert "ami.secret = Secret(" in said["settings.txt"]


@pytest.mark.parametrize("number", ["+380501234567", "050 123 45 67", "(050) 123-45-67", "8.050.1234567"])
def test_a_number_in_any_writing_is_masked(number: str) -> None:
    assert not re.search(r"\d{3}", scrubbed(f"asked {number} twice", Settings()))


def test_every_secret_of_every_section_is_taken_out_of_what_is_said() -> None:
    """Those of the sections that connectors bring as well, however short they are."""
    names = [name for name, value in masked(load({}, None, SECTIONS)) if value.startswith("Secret(")]
    assert {"ami.secret", "email.password", "sftp_spool.password", "telegram.token"} <= set(names)
    words = {f"HUB_{name.replace('.', '__').upper()}": f"hush{number}" for number, name in enumerate(names)}
    del words["HUB_SEALING__KEYS"]  # has a form of its own
    said = scrubbed(f"refused with {' '.join(words.values())}.", load(words, None, SECTIONS))
    assert [word for word in words.values() if word in said] == []
