"""What dialling does when the PBX shows something. It may run twice."""

from __future__ import annotations

from hub.events.base import Event
from hub.events.calls import PbxLinkRestored
from hub.events.commands import CommandSeen
from hub.kernel.context import HandlerContext
from hub.modules.dialling.api import DiallingApi


async def on_pbx_facts(event: Event, ctx: HandlerContext) -> None:
    """A call of ours was seen; or the line is back and the PBX was compared: what it did not show, it has
    not. Both by one handler, so that the comparison comes behind what it found."""
    states = ctx.apis.of(DiallingApi).states
    if isinstance(event, CommandSeen):
        await states.seen(event)
    elif isinstance(event, PbxLinkRestored):
        await states.compared(event.lost_at, ctx.envelope.occurred_at)
