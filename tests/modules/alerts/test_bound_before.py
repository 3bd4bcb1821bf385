"""A group that was bound before there were alerts of requests to be forgotten."""

from __future__ import annotations

from importlib import import_module

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.modules.alerts.models import Group

BEFORE = ["connector", "low_score", "message", "missed"]


def _upgrade(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        import_module("hub.migrations.versions.0153_alerts_of_erasures").upgrade()


async def test_it_hears_of_them_and_the_second_time_changes_nothing(hub: Hub) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        uow.session.add(
            Group(
                shop_id=FIRST_SHOP, rev=1, channel="telegram", group_id="-100", bound_by="olha", kinds=BEFORE,
                is_quiet=False,
            )
        )  # fmt: skip
    for _ in range(2):
        await hub.database.write(_upgrade)
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        group = await uow.session.get_one(Group, FIRST_SHOP)
    assert group.kinds == ["connector", "forgotten", "low_score", "message", "missed"]
