"""`seal`: rotate the keys of sealed secrets, or say that they are lost."""

from __future__ import annotations

import argparse

from hub.clock import SystemClock
from hub.errors import Invalid
from hub.kernel.sealing.keys import new_key, store_of
from hub.settings import Settings


async def seal(settings: Settings, wanted: argparse.Namespace) -> list[str]:
    """Do it; what a person is told."""
    if wanted.seal_command == "key":
        return [new_key().text()]
    if wanted.seal_command == "rotate":
        return await _rotate(settings)
    if not wanted.lost:
        raise Invalid(
            "seal.say_lost",
            "Without the keys all second factors go, and all webhooks get new secrets.",
            "Look for the key file first, also in old backups of this machine. If it is lost, add --lost.",
        )
    return await _reset(settings)


async def _rotate(settings: Settings) -> list[str]:
    from hub.main import opened_hub

    async with opened_hub(settings) as hub:
        key_id, count = await hub.sealing.rotate()
        where = hub.seal.store.where
    await _audit(settings, "console.seal_rotate", key_id)
    return [
        f"{count} secrets are sealed anew, with the key {key_id}.",
        f"Keep a new copy of {where} apart from the backups; backups of before need the older keys in it.",
    ]


async def _reset(settings: Settings) -> list[str]:
    from hub.kernel.sealing.columns import columns_of
    from hub.kernel.sealing.seal import Seal
    from hub.kernel.sealing.upkeep import Sealing
    from hub.kernel.storage.database import Database
    from hub.kernel.storage.migrating import migrate
    from hub.main import MODULES

    keys, database = Seal(store_of(settings)), Database(settings.database.url)
    await database.open()
    try:
        await migrate(database)
        said = await Sealing(database, keys, columns_of(MODULES), SystemClock()).give_up()
    finally:
        await database.close()
    await _audit(settings, "console.seal_reset", keys.current)
    kept = (
        f"New secrets are sealed with the key {keys.current} in {keys.store.where}. Keep a copy of it apart."
    )
    return [*said, kept]


async def _audit(settings: Settings, action: str, key_id: str) -> None:
    from hub.kernel.context import Apis
    from hub.main import opened
    from hub.modules.access.api import AccessApi

    async with opened(settings) as hub, hub.transactions.writing(actor=None, shop_id=hub.default_shop) as uow:
        Apis(uow, hub.deps, hub.apis).of(AccessApi).audit.add(action, "done", subject=key_id)
