"""A call's legs on a time line: numbers for an SVG, in thousandths of the call's length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.modules.calls.api import CallView, LegView

_WHOLE = 1000.0
_LEAST = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A leg: it waits from `x`, talks from `talk_x` (None: never)."""

    leg: LegView
    x: float
    width: float
    talk_x: float | None
    talk_width: float


def bars(call: CallView, now: datetime) -> list[Bar]:
    """The legs in the order of their beginning; one that goes on ends now."""
    ends = [leg.ended_at for leg in call.legs if leg.ended_at is not None]
    end = max([*ends, call.ended_at or (now if call.is_live else call.started_at)])
    begin = min([call.started_at, *(leg.started_at for leg in call.legs)])
    length = max((end - begin).total_seconds(), 0.001)

    def at(moment: datetime) -> float:
        share = (moment - begin).total_seconds() / length
        return round(min(1.0, max(0.0, share)) * _WHOLE, 1)

    made = []
    for leg in sorted(call.legs, key=lambda leg: (leg.started_at, leg.uniqueid)):
        x, right = at(leg.started_at), at(leg.ended_at or end)
        talk_x = at(leg.answered_at) if leg.answered_at is not None else None
        width = max(right - x, _LEAST)
        talk_width = max(x + width - talk_x, _LEAST) if talk_x is not None else 0.0
        made.append(Bar(leg=leg, x=x, width=width, talk_x=talk_x, talk_width=round(talk_width, 1)))
    return made
