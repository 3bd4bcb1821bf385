"""Wall screens and their keys. Never commits."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection

from sqlalchemy import select

from hub.errors import Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.queues.models import Screen
from hub.modules.queues.views import ScreenView
from hub.values import ShopId

LONGEST_NAME = 80
_MOST = 50
_KEY_BYTES = 24


class ScreenService:
    """For one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def all(self, shops: Collection[ShopId] | None) -> tuple[ScreenView, ...]:
        """The newest first; of these shops (None: of all)."""
        query = select(Screen).order_by(Screen.id.desc())
        if shops is not None:
            query = query.where(Screen.shop_id.in_([str(shop) for shop in shops]))
        return tuple(_view(row) for row in await self._session.scalars(query))

    async def make(self, name: str, shop_id: ShopId, *, shows_callers: bool) -> tuple[ScreenView, str]:
        """A new screen and its key, which is never seen again. Raises Invalid."""
        name = " ".join(name.split())
        fault = "Enter a name." if not name else "This is too long." if len(name) > LONGEST_NAME else ""
        if "\x00" in name:
            fault = "This cannot be read."
        if fault:
            raise Invalid("queues.screen", "Some fields need another look.", fields={"name": fault})
        if len(await self.all(None)) >= _MOST:
            raise Invalid("queues.screens", "There are too many screens.", "Take away those that are gone.")
        key = secrets.token_urlsafe(_KEY_BYTES)
        row = Screen(
            id=new_id(self._clock), rev=1, shop_id=str(shop_id), name=name, key_hash=_hash(key),
            shows_callers=shows_callers, created_at=self._clock.now(),
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _view(row), key

    async def take_away(self, screen_id: str, shops: Collection[ShopId] | None) -> None:
        """Its key opens nothing from now on. Raises NotFound."""
        row = await self._session.get(Screen, screen_id) if len(screen_id) <= 26 else None
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("queues.no_screen", "There is no such screen.")
        await self._session.delete(row)
        await self._session.flush()

    async def by_key(self, key: str) -> ScreenView:
        """Whose key this is. Raises NotFound."""
        row = (await self._session.scalars(select(Screen).where(Screen.key_hash == _hash(key)))).first()
        if row is None:
            raise NotFound(
                "queues.no_screen", "This screen is not set up any more.",
                "Whoever manages Pitline makes a new address for it under Settings, Queue board.",
            )  # fmt: skip
        return _view(row)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _view(row: Screen) -> ScreenView:
    return ScreenView(
        id=row.id, rev=row.rev, shop_id=ShopId(row.shop_id), name=row.name, shows_callers=row.shows_callers,
        created_at=row.created_at,
    )  # fmt: skip
