"""How long things are kept, as chosen on the settings page. Never commits."""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.rules_retention import OPTION, Kept, choice_faults, kept
from hub.modules.access.service_shops import ShopService


class RetentionService:
    """Reads and stores the choice; the follower of the settings puts it to work in every process."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._options = ShopService(uow, deps)
        self._settings = deps.settings

    async def holds(self) -> dict[str, Kept]:
        """What holds now, by the setting's name."""
        return kept(self._settings, await self._options.option(OPTION))

    async def choose(self, wishes: Mapping[str, object]) -> dict[str, Kept]:
        """Days by the setting's name. Raises Invalid with the fields."""
        holds = await self.holds()
        faults = choice_faults(holds, wishes)
        if faults:
            first = holds.get(next(iter(faults)))
            data = {"least": first.least, "most": first.most} if first else {}
            raise Invalid("access.retention", "Some fields need a look.", fields=faults, data=data)
        chosen = {name: one.days for name, one in holds.items() if not one.is_fixed}
        chosen |= {
            name: wish for name, wish in wishes.items() if isinstance(wish, int) and not holds[name].is_fixed
        }
        await self._options.set_option(OPTION, chosen)
        return await self.holds()
