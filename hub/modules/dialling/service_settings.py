"""How the shop calls out, as it is stored. Never commits."""

from __future__ import annotations

from hub.errors import Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.dialling.rules_settings import (
    OPTION,
    DialSettings,
    read_settings,
    setting_faults,
    stored_form,
)


class SettingsService:
    """Reads and writes them."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._shops = AccessApi(uow, deps).shops

    async def read(self) -> DialSettings:
        """As they stand; defaults where nobody has said anything."""
        return read_settings(await self._shops.option(OPTION))

    async def save(self, settings: DialSettings) -> None:
        """Raises Invalid with the faults by the form's fields."""
        faults = setting_faults(settings)
        if faults:
            raise Invalid("dial.settings", "Some fields need another look.", fields=faults)
        await self._shops.set_option(OPTION, stored_form(settings))
