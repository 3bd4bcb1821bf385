"""A backup brings its keys along only where it is encrypted; without them a restore says what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import Conflict, Unavailable
from hub.kernel.sealing.keys import new_key, store_of
from hub.secret import Secret
from hub.settings import Settings
from tests.factories.backups import restore
from tests.kernel.sealing.rig import HubOf, can_open, fill, has_factor


async def backup_of(settings: Settings, hub_of: HubOf, key: bytes) -> Path:
    hub = hub_of(settings)
    await hub.open()
    await fill(hub)
    run = await hub.backups.run("manual", key=key)
    await hub.close()
    assert run.is_proved, run.trouble
    return Path(run.path)


async def test_an_encrypted_backup_brings_the_keys_along(
    settings: Settings, second: Settings, hub_of: HubOf
) -> None:
    file = await backup_of(settings, hub_of, b"hush")
    restored = await restore(second, file, key=b"hush")
    assert restored.to_do == ()
    assert store_of(second).load() == store_of(settings).load()
    hub = hub_of(second)
    await hub.open()
    assert await has_factor(hub)
    assert await can_open(hub)
    await hub.close()


async def test_a_plain_backup_holds_no_key_and_is_not_restored_without_it(
    settings: Settings, second: Settings, hub_of: HubOf
) -> None:
    file = await backup_of(settings, hub_of, b"")
    with pytest.raises(Unavailable) as caught:
        await restore(second, file)
    assert caught.value.code == "seal.backup_key"
    assert store_of(settings).load()[0].id in caught.value.text
    assert "--without-key" in caught.value.hint
    assert store_of(second).load() == (), "nothing was touched"
    path, kept = store_of(second).path, store_of(settings).path
    assert path is not None
    assert kept is not None
    path.write_bytes(kept.read_bytes())
    await restore(second, file)
    hub = hub_of(second)
    await hub.open()
    assert await can_open(hub)
    await hub.close()


async def test_without_the_key_a_restore_goes_on_and_says_what_has_to_be_set_up_anew(
    settings: Settings, second: Settings, hub_of: HubOf
) -> None:
    file = await backup_of(settings, hub_of, b"")
    restored = await restore(second, file, without_key=True)
    assert any("Olena" in line for line in restored.to_do)
    assert any("CRM" in line for line in restored.to_do)
    hub = hub_of(second)
    await hub.open()
    assert not await has_factor(hub)
    assert await can_open(hub)
    await hub.close()


async def test_where_the_settings_give_the_keys_those_of_a_backup_are_not_smuggled_in(
    settings: Settings, second: Settings, hub_of: HubOf
) -> None:
    file = await backup_of(settings, hub_of, b"hush")
    given = replace(second, sealing=replace(second.sealing, keys=Secret(new_key().text())))
    with pytest.raises(Unavailable) as caught:
        await restore(given, file, key=b"hush")
    assert "take HUB_SEALING__KEYS away" in caught.value.hint


async def test_a_backup_of_before_a_rotation_can_still_be_opened(settings: Settings, hub_of: HubOf) -> None:
    file = await backup_of(settings, hub_of, b"")
    hub = hub_of(settings)
    await hub.open()
    if not hub.database.is_sqlite:
        with pytest.raises(Conflict):
            await hub.sealing.rotate()
    await hub.sealing.rotate()
    await hub.close()
    await restore(settings, file, replace_it=True)
    hub = hub_of(settings)
    await hub.open()
    assert await has_factor(hub)
    assert await can_open(hub)
    await hub.close()
