"""Of several who have a number, the one whose it mostly is: learnt, and forgotten again. Never commits."""

from __future__ import annotations

from sqlalchemy import delete, select

from hub.events.crm import ClientNumberReleased, ClientPhoneAdded
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.living import living
from hub.modules.crm.models import Learned, Phone
from hub.modules.crm.rules import number_key


class NumberService:
    """What was learnt of numbers. Calls and tasks hear of it by facts."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._country = deps.places.of(uow.shop_id).country

    async def learn(self, number: str | None, client_id: str) -> bool:
        """The number is this client's from now on, if several have it and this one is among them."""
        key = number_key(number, self._country) if number is not None else None
        if key is None:
            return False
        query = select(Phone.client_id).where(Phone.key == key)
        having = set((await self._uow.session.scalars(query)).all())
        owners = {row.id for row in (await living(self._uow.session, having)).values() if not row.is_archived}
        if client_id not in owners or len(owners) < 2:
            return False
        known = await self._uow.session.get(Learned, key)
        if known is not None and known.client_id == client_id:
            return True
        if known is not None:
            await self._forget(known)
        self._uow.session.add(
            Learned(key=key, client_id=client_id, actor=self._uow.actor, at=self._clock.now())
        )
        await self._uow.session.flush()
        self._uow.publish(ClientPhoneAdded(client_id=client_id, number=key))
        self._uow.hint("client", client_id, 0)
        return True

    async def unlearn(self, number: str | None) -> bool:
        """Ask again whose call it is. False when nothing was learnt."""
        key = number_key(number, self._country) if number is not None else None
        known = await self._uow.session.get(Learned, key) if key is not None else None
        if known is None:
            return False
        await self._forget(known)
        return True

    async def learnt_of(self, client_id: str) -> tuple[str, ...]:
        """The shared numbers that are taken for this client."""
        query = select(Learned.key).where(Learned.client_id == client_id).order_by(Learned.key)
        return tuple((await self._uow.session.scalars(query)).all())

    async def _forget(self, known: Learned) -> None:
        key, client_id = known.key, known.client_id
        await self._uow.session.execute(delete(Learned).where(Learned.key == key))
        self._uow.session.expunge(known)
        self._uow.publish(ClientNumberReleased(client_id=client_id, number=key))
        self._uow.hint("client", client_id, 0)
