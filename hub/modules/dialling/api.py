"""What other modules and pages may ask of dialling."""

from __future__ import annotations

from collections.abc import Collection

from hub.kernel.parts import Composed, Part
from hub.modules.dialling.rules_settings import DialSettings
from hub.modules.dialling.scope import CALL, asker_of, click_of
from hub.modules.dialling.service import DiallingService
from hub.modules.dialling.service_settings import SettingsService
from hub.modules.dialling.service_state import StateService
from hub.modules.dialling.service_steering import SteeringService
from hub.modules.dialling.views import Asker, CallOrder, CommandPage, CommandView
from hub.values import ShopId

DIAL = CALL
"""The right to call out by a click."""

__all__ = [
    "DIAL",
    "Asker",
    "CallOrder",
    "CommandPage",
    "CommandView",
    "DialSettings",
    "DiallingApi",
    "asker_of",
    "click_of",
]


class DiallingApi(Composed):
    """Orders to the PBX, for one unit of work. `states` follows what becomes of them;
    `steering` is what is done with calls that go on."""

    _service = Part(DiallingService)
    settings = Part(SettingsService)
    states = Part(StateService)
    steering = Part(SteeringService)

    async def call(self, order: CallOrder, asker: Asker) -> CommandView:
        """Ring the asker's phone, then the number. Raises Invalid, NotAllowed, TooMany, NotFound, Conflict,
        Unavailable."""
        return await self._service.call(order, asker)

    async def one(
        self, command_id: str, shops: Collection[ShopId] | None = None, hears_only: str | None = None
    ) -> CommandView:
        """An order as it stands; of orders to listen in only that actor's. Raises NotFound."""
        return await self._service.one(command_id, shops, hears_only)

    async def page(
        self, shops: Collection[ShopId] | None, *, cursor: str | None = None, limit: int = 50,
        hears_only: str | None = None,
    ) -> CommandPage:  # fmt: skip
        """Newest first, of these shops; None = of every shop. `hears_only` as of `one`."""
        return await self._service.page(shops, cursor=cursor, limit=limit, hears_only=hears_only)

    async def latest(self, asker: Asker) -> CommandView | None:
        """The asker's newest order of the last two minutes."""
        return await self._service.latest(asker)
