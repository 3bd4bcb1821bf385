"""Which files of the spool are complete: never half a recording."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hub.kernel.context import WorkerContext
from hub.modules.calls.api import CallView
from recordings.service_linking import CLOCKS_APART, LinkingService
from recordings.spool import Found

SETTLED = 0.9
"""A file in a finished folder was renamed; one that was copied there instead still grows."""
_NOBODYS = 12
"""A file of no call that we know rests so many times longer."""
_FORGOTTEN = 3600.0
"""A call that seems to go on although nobody has recorded for so long: its end was not seen."""


class Readiness:
    """Finished = renamed into the finished folder, else at rest for a while after its call's end: the PBX
    says nothing when a call simply ends, and a call on hold may be silent."""

    def __init__(self, ctx: WorkerContext, rest: float) -> None:
        self._ctx = ctx
        self._rest = rest

    async def of(self, found: Sequence[Found]) -> list[Found]:
        """Those that are complete, the oldest first."""
        settled = [one for one in found if one.is_finished and one.at_rest >= min(SETTLED, self._rest)]
        resting = [one for one in found if not one.is_finished and one.at_rest >= self._rest]
        if resting:
            async with self._ctx.transactions.reading(actor=None, shop_id=self._ctx.shop_id) as uow:
                linking = LinkingService(uow, self._ctx.deps)
                for one in resting:
                    written = datetime.fromtimestamp(one.mtime_ns / 1e9, UTC)
                    call, _ = await linking.find(one.shown, written + CLOCKS_APART)
                    if self._is_over(one, call):
                        settled.append(one)
        return sorted(settled, key=lambda one: (one.mtime_ns, one.path))

    def _is_over(self, found: Found, call: CallView | None) -> bool:
        if call is None:
            return found.at_rest >= self._rest * _NOBODYS
        if call.is_live:
            return found.at_rest >= _FORGOTTEN
        over = call.ended_at
        return over is None or self._ctx.deps.clock.now() - over >= timedelta(seconds=self._rest)
