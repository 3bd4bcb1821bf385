"""Secrets in a hub, and whether they can still be read."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
from sqlalchemy import Connection, text

from hub.app import Hub
from hub.errors import Unavailable
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi
from hub.modules.webhooks.api import EndpointEntry, WebhooksApi

HubOf = Callable[..., Hub]
"""Makes a hub of some settings, `exclusive` or not."""
STORED = {
    "access_factors": "SELECT secret FROM access_factors",
    "webhooks_endpoints": "SELECT sealed_secret FROM webhooks_endpoints",
    "idempotency_keys": "SELECT body FROM idempotency_keys",
}


async def fill(hub: Hub) -> str:
    """A person with a second factor that is on, and an endpoint; the endpoint's secret."""
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        access = AccessApi(uow, hub.installation.deps)
        person = await access.create_person("Olena", "owner", login="olena", password_hash="x")
        await access.factors.prepare(person.id)
        code = pyotp.TOTP((await access.factors.of(person.id)).seed).at(hub.installation.clock.now())
        await access.factors.confirm(person.id, code, ["hash"])
        entry = EndpointEntry(url="https://crm.example.com/hook", name="CRM")
        return (await WebhooksApi(uow, hub.installation.deps).endpoints.create(entry, None))[1]


async def stored(hub: Hub, what: str) -> list[str]:
    def read(connection: Connection) -> list[str]:
        values = connection.execute(text(STORED[what])).scalars()
        return [value if isinstance(value, str) else bytes(value).decode() for value in values]

    return await hub.database.read(read)


async def has_factor(hub: Hub) -> bool:
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        access = AccessApi(uow, hub.installation.deps)
        return bool(await access.factors.owners_of([one.id for one in await access.list_people()]))


async def can_open(hub: Hub) -> bool:
    """Whether the endpoint's secret can be read: changing it keeps the former one only then."""
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        endpoints = WebhooksApi(uow, hub.installation.deps).endpoints
        (one,) = await endpoints.page(None)
        made, _ = await endpoints.rotate(one.id, None)
        return made.old_secret_until is not None


async def opened(hub: Hub) -> Unavailable | None:
    """Open and close it; how it refuses."""
    try:
        await hub.open()
    except Unavailable as refused:
        return refused
    finally:
        await hub.close()
    return None
