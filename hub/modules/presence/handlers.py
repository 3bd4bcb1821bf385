"""What presence does when the PBX tells of phones, or is not heard any more. It may run twice."""

from __future__ import annotations

from hub.events.base import Event
from hub.events.calls import PbxLinkLost
from hub.events.phones import PhonesChanged
from hub.kernel.context import HandlerContext
from hub.modules.presence.api import PresenceApi


async def on_pbx_facts(event: Event, ctx: HandlerContext) -> None:
    """Both by one handler: so what was heard before the line was lost is not written behind the loss."""
    phones = ctx.apis.of(PresenceApi).phones
    if isinstance(event, PhonesChanged):
        await phones.changed(event, ctx.envelope.occurred_at)
    elif isinstance(event, PbxLinkLost):
        await phones.link_lost(event.pbx, ctx.envelope.occurred_at)
