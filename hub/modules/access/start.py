"""What must be in place before the first call arrives, and what follows a change on the settings pages:
where the shops are, which lines are outside, how long things are kept."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from hub.kernel.installation import Installation
from hub.kernel.storage.orm import Base
from hub.modules.access.rules_retention import OPTION, kept
from hub.modules.access.service_shops import ensure_first_shop, stored_places, stored_trunks

_options = Base.metadata.tables["access_options"]


async def prepare(installation: Installation) -> None:
    """Call it between the hub's `open` and `start`; a second call does nothing new."""
    shop = installation.settings.shop
    transactions = installation.transactions
    async with transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        await uow.session.run_sync(lambda session: ensure_first_shop(session.connection(), shop))
    await follow(installation)


async def follow(installation: Installation) -> None:
    """Put what the settings pages chose to work in this process; file and environment win."""
    transactions, settings = installation.transactions, installation.settings
    async with transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        places = await uow.read(stored_places)
        trunks = await uow.read(stored_trunks)
        holds = kept(settings, await uow.read(_chosen_days))
    installation.deps.places.learn(places)
    installation.system.keep(
        journal_days=holds["journal.keep_days"].days, done_days=holds["relay.keep_done_days"].days
    )
    telephony = installation.deps.telephony
    if telephony is not None and trunks is not None and "ami.trunks" not in settings.given:
        telephony.set_trunks(trunks)


def _chosen_days(connection: Connection) -> object:
    value = connection.execute(select(_options.c.value).where(_options.c.name == OPTION)).scalar()
    return None if value is None else json.loads(value)
