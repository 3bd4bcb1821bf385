"""What dialling does when the PBX shows something. It may run twice."""

from __future__ import annotations

from hub.errors import Unavailable
from hub.events.base import Event
from hub.events.calls import PbxLinkRestored
from hub.events.commands import CommandSeen
from hub.events.presence import PresenceChosen
from hub.kernel.context import HandlerContext
from hub.modules.dialling.api import DiallingApi
from hub.modules.presence.api import PresenceApi


async def on_pbx_facts(event: Event, ctx: HandlerContext) -> None:
    """A call of ours was seen; or the line is back and the PBX was compared: what it did not show, it has
    not. Both by one handler, so that the comparison comes behind what it found."""
    states = ctx.apis.of(DiallingApi).states
    if isinstance(event, CommandSeen):
        await states.seen(event)
    elif isinstance(event, PbxLinkRestored):
        await states.compared(event.lost_at, ctx.envelope.occurred_at)


async def on_presence_chosen(event: PresenceChosen, ctx: HandlerContext) -> None:
    """Whoever is away is not rung by the queues; whoever is back is. Phones that are in no queue, or stand so
    already, are left alone; without a line to the PBX the queues stay as they are."""
    wants_pause = event.kind != "here"
    members = [one for queue in await ctx.apis.of(PresenceApi).queues() for one in queue.members]
    found = {one.extension for one in members if one.is_paused != wants_pause}
    steering = ctx.apis.of(DiallingApi).steering
    for extension in [one for one in event.extensions if one in found]:
        try:
            await steering.follow_presence(
                event.person_id,
                extension,
                event.reason,
                is_paused=wants_pause,
                key=f"{ctx.envelope.id}:{extension}",
            )
        except Unavailable as fault:
            ctx.log.info("dialling.not_paused", extension=extension, reason=fault.code)
