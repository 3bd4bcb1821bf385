"""What recordings does when something happens; every handler may run twice."""

from __future__ import annotations

from hub.events.calls import CallMerged
from hub.events.recordings import RecordingNamed
from hub.kernel.context import HandlerContext
from recordings.api import RecordingsApi


async def on_recording_named(event: RecordingNamed, ctx: HandlerContext) -> None:
    """The PBX said which file is this call's."""
    await ctx.apis.of(RecordingsApi).linking.remember(event, ctx.envelope.id)


async def on_call_merged(event: CallMerged, ctx: HandlerContext) -> None:
    """Its recordings are the surviving call's."""
    await ctx.apis.of(RecordingsApi).linking.move(event.call_id, event.into_call_id)
