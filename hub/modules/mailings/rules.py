"""Pure rules of mailings: what a state lets one do, how many leave at once, what they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import Conflict
from hub.events.messages import MessageState
from hub.modules.mailings.views import RowState, State, Sums

SLOWEST, FASTEST = 1, 1800
"""Messages a minute."""
MOST_AT_ONCE = 25
"""Messages that are handed on in one transaction."""
_TICK = 5.0
REPORT_DAYS = 30
"""Days after its message in which what a client does counts as coming of it."""
REASONS: tuple[str, ...] = (
    "no_consent", "withdrawn", "blocked", "provider_blocked", "too_often", "landline", "no_address",
    "duplicate", "archived", "not_a_client", "blacklisted", "unreadable", "nobody", "several", "no_value",
    "refused", "erased",
)  # fmt: skip
"""Why somebody is left out."""
_LET: dict[str, tuple[State, ...]] = {
    "change": ("draft",),
    "count": ("draft",),
    "submit": ("draft",),
    "approve": ("waiting",),
    "decline": ("waiting",),
    "take_back": ("waiting", "scheduled"),
    "stop": ("scheduled", "running"),
    "remove": ("draft",),
}
_OF_MESSAGE: Mapping[MessageState, RowState] = {
    "queued": "queued", "sending": "queued", "sent": "sent", "delivered": "delivered", "read": "read",
    "failed": "failed", "unknown": "unknown",
}  # fmt: skip
WENT: tuple[RowState, ...] = ("sent", "delivered", "read")


def may(what: str, state: State) -> bool:
    """Whether a mailing in this state lets one."""
    return state in _LET[what]


def demand(what: str, state: State) -> None:
    """Raises Conflict where it does not."""
    if not may(what, state):
        raise Conflict(
            "mailings.state", "This is not possible any more, or not yet.",
            "Look at the mailing again: somebody may have gone on with it.", data={"state": state},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """So many now, and the next ones after so many seconds."""

    size: int
    pause: float


def batch(pace: int) -> Batch:
    """What `pace` messages a minute come to: small batches, so that a stop finds little on its way."""
    pace = max(SLOWEST, min(FASTEST, pace))
    size = max(1, min(MOST_AT_ONCE, round(pace * _TICK / 60)))
    return Batch(size, 60.0 * size / pace)


def row_state(state: RowState, told: MessageState) -> RowState:
    """Where a client stands after this was told of their message. Whoever was left out stays so."""
    if state in ("skipped", "waiting"):
        return state
    found = _OF_MESSAGE.get(told, state)
    if state == "stopped" and found not in WENT:
        return state
    return found


def sums_of(counts: Mapping[str, int]) -> Sums:
    """From how many rows are in which state."""
    went = sum(counts.get(one, 0) for one in WENT)
    return Sums(
        waiting=counts.get("waiting", 0), queued=counts.get("queued", 0), sent=went,
        failed=counts.get("failed", 0), unknown=counts.get("unknown", 0), skipped=counts.get("skipped", 0),
        stopped=counts.get("stopped", 0), delivered=counts.get("delivered", 0) + counts.get("read", 0),
    )  # fmt: skip
