"""The keys of sealed secrets: made once, asked for at every start, rotated, lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from hub.errors import Conflict, Unavailable
from hub.kernel.sealing.keys import KeyStore, new_key, store_of
from hub.kernel.sealing.upkeep import Sealing
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import revisions, upgrade
from hub.secret import Secret
from hub.settings import Settings
from tests.kernel.sealing.rig import STORED, HubOf, can_open, fill, has_factor, opened, stored

SEED, SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlYyE="


async def test_the_first_start_makes_a_key_file_that_only_its_owner_reads(
    settings: Settings, hub_of: HubOf
) -> None:
    hub = hub_of(settings)
    await hub.open()
    secret = await fill(hub)
    path = hub.seal.store.path
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    in_database = await stored(hub, "access_factors") + await stored(hub, "webhooks_endpoints")
    assert all(one.startswith(f"sealed:1:{hub.seal.current}:") for one in in_database)
    assert secret not in in_database
    await hub.close()
    before = path.read_bytes()
    again = hub_of(settings)
    assert await opened(again) is None
    assert path.read_bytes() == before


@pytest.mark.sqlite
async def test_without_a_word_the_key_lies_beside_the_database(
    settings: Settings, hub_of: HubOf, tmp_path: Path
) -> None:
    plain = replace(settings, sealing=replace(settings.sealing, key_file=""))
    assert await opened(hub_of(plain)) is None
    assert (tmp_path / "data" / "pitline.db.key").is_file()


def test_of_two_processes_that_start_at_once_one_makes_the_key(tmp_path: Path) -> None:
    store, other = KeyStore(tmp_path / "key"), KeyStore(tmp_path / "key")
    store._write((new_key(),), may_replace=False)
    other._write((new_key(),), may_replace=False)  # it had seen none a moment ago
    assert len(other.load()) == 1
    assert other.create() == store.load()
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


async def test_a_process_without_the_key_does_not_start_and_says_what_to_do(
    settings: Settings, hub_of: HubOf
) -> None:
    assert await opened(hub_of(settings)) is None
    path = store_of(settings).path
    assert path is not None
    kept = path.read_bytes()
    wanted = store_of(settings).load()[0].id
    path.unlink()
    refused = await opened(hub_of(settings))
    assert refused is not None
    assert refused.code == "seal.other_key"
    assert wanted in refused.text
    assert str(path) in refused.text
    assert "reset --lost" in refused.hint
    assert not path.exists(), "no other key is made in its place"
    path.write_bytes(kept)
    assert await opened(hub_of(settings)) is None


async def test_a_process_with_another_key_does_not_start(settings: Settings, hub_of: HubOf) -> None:
    assert await opened(hub_of(settings)) is None
    other = replace(settings, sealing=replace(settings.sealing, keys=Secret(new_key().text())))
    refused = await opened(hub_of(other))
    assert refused is not None
    assert refused.code == "seal.other_key"
    assert "HUB_SEALING__KEYS holds other keys" in refused.text


async def test_what_lay_in_the_clear_before_is_sealed_by_the_next_start(
    second: Settings, hub_of: HubOf
) -> None:
    before = revisions()[revisions().index("0080_sealing") - 1]
    database = Database(second.database.url)
    await database.open()

    def fill_old(connection: Connection) -> None:
        upgrade(connection, before)
        connection.execute(
            text("INSERT INTO access_people (id, shop_id, name, role, is_active, password_is_one_time,"
                 " created_at, rev) SELECT 'olena', id, 'Olena', 'owner', true, false,"
                 " '2026-01-05 07:00:00', 1 FROM access_shops")
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO access_factors (person_id, secret, created_at, confirmed_at, last_step)"
                 " VALUES ('olena', :seed, '2026-01-05 07:00:00', '2026-01-05 07:00:00', 0)"),
            {"seed": SEED},
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO webhooks_endpoints (id, rev, name, url, events, secret, is_active, off_reason,"
                 " failures, not_before, created_at) VALUES ('e', 1, 'CRM', 'https://crm.example.com', '[]',"
                 " :secret, true, '', 0, 0, '2026-01-05 07:00:00')"),
            {"secret": SECRET},
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO idempotency_keys (actor, route, key, fingerprint, made_at, status, body)"
                 " VALUES ('token:t', 'r', 'k', 'f', '2026-01-05 07:00:00', 201, :body)"),
            {"body": b'{"secret": "plain"}'},
        )  # fmt: skip

    await database.write(fill_old)
    await database.close()
    hub = hub_of(second, exclusive=True)
    await hub.open()
    for what in STORED:
        (one,) = await stored(hub, what)
        assert one.startswith(f"sealed:1:{hub.seal.current}:")
    place = "access_factors.secret olena"
    assert hub.seal.open((await stored(hub, "access_factors"))[0], place) == SEED
    assert await can_open(hub)
    assert (await hub.sealing.state()).older == 0
    path = hub.database.path
    await hub.close()
    left = path.read_bytes() if path is not None else b""
    assert SEED.encode() not in left
    assert SECRET.encode() not in left


@pytest.mark.sqlite
async def test_keys_are_rotated_beside_a_running_hub_which_goes_on(settings: Settings, hub_of: HubOf) -> None:
    hub, beside = hub_of(settings), hub_of(settings)
    await hub.open()
    await fill(hub)
    first = hub.seal.current
    await beside.open()
    key_id, count = await beside.sealing.rotate()
    assert (count, key_id != first) == (2, True)
    assert [key.id for key in store_of(settings).load()] == [key_id, first]
    assert (await beside.sealing.state()).older == 0
    assert await can_open(hub), "the key came into the file after it had started"
    assert hub.seal.current == key_id, "and it seals with it from then on"
    assert (await beside.sealing.state()).older == 0
    await hub.close()
    assert (await beside.sealing.rotate())[1] == 3
    await beside.close()
    again = hub_of(settings)
    await again.open()
    assert await can_open(again)
    await again.close()


@pytest.mark.postgres
async def test_with_several_processes_the_new_key_is_spread_first(settings: Settings, hub_of: HubOf) -> None:
    hub = hub_of(settings)
    await hub.open()
    await fill(hub)
    first = hub.seal.current
    with pytest.raises(Conflict) as caught:
        await hub.sealing.rotate()
    assert "every process" in caught.value.hint
    assert all(f":{first}:" in one for one in await stored(hub, "access_factors"))
    key_id, count = await hub.sealing.rotate()
    assert (count, key_id) == (2, store_of(settings).load()[0].id)
    await hub.close()
    assert await opened(hub_of(settings)) is None


async def test_keys_of_the_settings_are_rotated_by_a_new_one_in_front(
    settings: Settings, hub_of: HubOf
) -> None:
    old, new = new_key(), new_key()

    def given(*keys: str) -> Settings:
        return replace(settings, sealing=replace(settings.sealing, keys=Secret(",".join(keys))))

    hub = hub_of(given(old.text()))
    await hub.open()
    await fill(hub)
    with pytest.raises(Unavailable) as caught:
        await hub.sealing.rotate()
    assert "HUB_SEALING__KEYS" in caught.value.hint + caught.value.text
    await hub.close()
    hub = hub_of(given(new.text(), old.text()))
    await hub.open()
    assert hub.seal.current == old.id, "others may not have the new one yet"
    assert await hub.sealing.rotate() == (new.id, 2)
    await hub.close()
    hub = hub_of(given(new.text()))
    await hub.open()
    assert await can_open(hub)
    await hub.close()


async def test_where_the_keys_are_lost_it_is_said_and_everything_is_set_up_anew(
    settings: Settings, hub_of: HubOf
) -> None:
    hub = hub_of(settings)
    await hub.open()
    await fill(hub)
    with pytest.raises(Conflict):
        await hub.sealing.give_up()
    await hub.close()
    path = store_of(settings).path
    assert path is not None
    path.unlink()
    shut = hub_of(settings)
    assert await opened(shut) is not None
    await shut.database.open()
    said = await Sealing(shut.database, shut.seal, shut.sealing._columns, shut.installation.clock).give_up()
    await shut.close()
    assert any("Olena" in line for line in said)
    assert any("CRM" in line for line in said)
    hub = hub_of(settings)
    await hub.open()
    assert not await has_factor(hub)
    assert await can_open(hub)
    await hub.close()
