"""What must be in place before the first call arrives: the first shop, and which lines are outside."""

from __future__ import annotations

from hub.kernel.installation import Installation
from hub.modules.access.service_shops import ensure_first_shop, stored_trunks


async def prepare(installation: Installation) -> None:
    """Call it between the hub's `open` and `start`; a second call does nothing new."""
    shop = installation.settings.shop
    transactions = installation.transactions
    async with transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        await uow.session.run_sync(lambda session: ensure_first_shop(session.connection(), shop))
        trunks = await uow.session.run_sync(lambda session: stored_trunks(session.connection()))
    telephony = installation.deps.telephony
    if telephony is not None and trunks is not None:
        telephony.set_trunks(trunks)
