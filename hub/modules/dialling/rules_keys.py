"""Pure rules: what can be done with a call as it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import get_args

from hub.modules.calls.api import CallView
from hub.ports.commands import CommandKind, Hearing


def keys_for(
    call: CallView, own: Collection[str], works: Collection[CommandKind], *, may_steer: bool, may_listen: bool
) -> frozenset[CommandKind]:
    """The orders that make sense for a call and work now; `own` are the asker's phones. `take` stands for
    `pick_up` too."""
    found: set[CommandKind] = set()
    if may_steer:
        found |= {one for one in _steering(call, own) if _order_of(call, one) in works}
    if may_listen and own and _talks(call) and not _is_mine(call, own):
        found |= {one for one in _HEARING if one in works}
    return frozenset(found)


_HEARING: tuple[CommandKind, ...] = get_args(Hearing)


def _steering(call: CallView, own: Collection[str]) -> Iterator[CommandKind]:
    if not call.is_live:
        return
    yield "hang_up"
    waits = call.state in ("ringing", "queued", "parked") and call.direction == "inbound"
    if (waits or call.state == "parked") and own and not _is_mine(call, own):
        yield "take"
    if waits:
        yield "give"
    if _talks(call):
        yield from ("park", "blind", "attended")


def _order_of(call: CallView, key: CommandKind) -> CommandKind:
    return "pick_up" if key == "take" and call.state == "parked" else key


def _talks(call: CallView) -> bool:
    """A person of ours with the other side, on a phone of the PBX."""
    phone = call.last_extension
    return call.state in ("talking", "on_hold") and phone is not None and not phone.startswith("+")


def _is_mine(call: CallView, own: Collection[str]) -> bool:
    """Whether one's own phone is in it now, or rings: it needs no key to get there."""
    return any(one.extension in own and one.left_at is None for one in call.parties)
