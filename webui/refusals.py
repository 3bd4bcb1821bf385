"""Writes down what was refused, and what was asked for and is not there; but nobody fills the disk by
being refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hub.errors import HubError, TooMany
from hub.log import get_logger
from hub.modules.access.api import AccessApi
from webui.brakes import Brakes, Limit
from webui.request import Request

_MOST_COUNTED = 1000


class Refusals:
    """One entry each, in a unit of work of its own. Beyond the limit they are counted, and the next
    entry of the same person (or address) tells how many went unwritten."""

    def __init__(self, brakes: Brakes, limit: Limit) -> None:
        self._brakes = brakes
        self._limit = limit
        self._unwritten: Counter[str] = Counter()
        self._log = get_logger("webui.refusals")

    async def note(self, request: Request, action: str, outcome: str, details: Mapping[str, object]) -> None:
        """It must not fail because of what it tells of, nor the other way round."""
        who = request.viewer.actor or request.address
        try:
            await self._brakes.take(who, self._limit)
        except TooMany:
            if who in self._unwritten or len(self._unwritten) < _MOST_COUNTED:
                self._unwritten[who] += 1
            return
        missed = self._unwritten.pop(who, 0)
        more = {"unwritten": missed} if missed else {}
        viewer, transactions = request.viewer, request.site.installation.transactions
        try:
            async with transactions.writing(actor=viewer.actor, shop_id=viewer.shop_id) as uow:
                AccessApi(uow, request.deps).audit.add(
                    action, outcome, subject=request.about, address=request.address,
                    request_id=request.id, details={**details, **more},
                )  # fmt: skip
        except HubError as error:
            self._log.warning("an audit entry could not be written", action=action, error=str(error))
