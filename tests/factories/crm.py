"""Clients and cars for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.modules.crm.api import ClientEntry, ClientView, CrmApi, PhoneEntry, VehicleEntry, VehicleView


@asynccontextmanager
async def crm_of(hub: Hub) -> AsyncIterator[CrmApi]:
    """The api in a writing unit of work, committed at the end."""
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        yield CrmApi(uow, hub.installation.deps)


def entry(name: str = "", *numbers: str, **more: object) -> ClientEntry:
    """A client as somebody enters it."""
    return ClientEntry(name=name, phones=tuple(PhoneEntry(number=n) for n in numbers), **more)


async def make_client(hub: Hub, name: str = "", *numbers: str, **more: object) -> ClientView:
    """A client that is stored."""
    async with crm_of(hub) as crm:
        return await crm.create_client(entry(name, *numbers, **more))


async def make_car(hub: Hub, **values: object) -> VehicleView:
    """A car that is stored."""
    async with crm_of(hub) as crm:
        return await crm.create_vehicle(VehicleEntry(**values))
