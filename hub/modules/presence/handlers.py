"""What presence does when the PBX tells of phones, or is not heard any more. It may run twice."""

from __future__ import annotations

from collections.abc import Sequence

from hub.events.calls import PbxLinkLost
from hub.events.phones import PhonesChanged
from hub.kernel.context import BatchContext, Delivered
from hub.modules.presence.service_phones import PhoneKeeper


def on_pbx_facts(ctx: BatchContext, batch: Sequence[Delivered[PhonesChanged | PbxLinkLost]]) -> None:
    """Both by one handler: so what was heard before the line was lost is not written behind the loss."""
    phones = PhoneKeeper(ctx)
    for delivered in batch:
        event, envelope = delivered.event, delivered.envelope
        if isinstance(event, PhonesChanged):
            phones.changed(event, envelope.occurred_at, envelope.shop_id)
        else:
            phones.link_lost(event.pbx, envelope.occurred_at)
