"""What recordings does when something happens; every handler may run twice."""

from __future__ import annotations

from hub.events.calls import CallCorrected, CallEnded, CallHeld, CallMerged, CallNoted, CallResumed
from hub.events.crm import ClientErased
from hub.events.recordings import RecordingErased, RecordingLinked, RecordingNamed, RecordingStored
from hub.events.tasks import TaskEscalated
from hub.kernel.context import HandlerContext
from recordings.api import RecordingsApi


async def on_recording_named(event: RecordingNamed, ctx: HandlerContext) -> None:
    """The PBX said which file is this call's."""
    await ctx.apis.of(RecordingsApi).linking.remember(event, ctx.envelope.id)


async def on_call_merged(event: CallMerged, ctx: HandlerContext) -> None:
    """Its recordings are the surviving call's."""
    api = ctx.apis.of(RecordingsApi)
    await api.linking.move(event.call_id, event.into_call_id)
    await api.shelf.merged(event.call_id, event.into_call_id)


async def on_recording_stored(event: RecordingStored, ctx: HandlerContext) -> None:
    """It stands in the library, and its words are written down if somebody can."""
    api = ctx.apis.of(RecordingsApi)
    await api.consider(event.recording_id)
    if event.state == "ready":
        await api.write_down(event.recording_id)


async def on_recording_linked(event: RecordingLinked, ctx: HandlerContext) -> None:
    """It is found by the call that it belongs to now."""
    await ctx.apis.of(RecordingsApi).consider(event.recording_id)


async def on_recording_erased(event: RecordingErased, ctx: HandlerContext) -> None:
    """Nothing that was said in it or written to it stays."""
    await ctx.apis.of(RecordingsApi).shelf.forget(event.recording_id)


async def on_call_ended(event: CallEnded, ctx: HandlerContext) -> None:
    """What is known of the call only now: its result, its holds; a recording may have been quicker."""
    shelf = ctx.apis.of(RecordingsApi).shelf
    await shelf.resumed(event.call.call_id, event.call.ended_at or ctx.envelope.occurred_at)
    await shelf.call_changed(event.call.call_id)


async def on_call_corrected(event: CallCorrected, ctx: HandlerContext) -> None:
    """History was read again and was otherwise."""
    await ctx.apis.of(RecordingsApi).shelf.call_changed(event.call.call_id)


async def on_call_held(event: CallHeld, ctx: HandlerContext) -> None:
    """The caller waits: shown on the line of the player."""
    await ctx.apis.of(RecordingsApi).shelf.held(event.call.call_id, ctx.envelope.occurred_at)


async def on_call_resumed(event: CallResumed, ctx: HandlerContext) -> None:
    """The hold is over."""
    await ctx.apis.of(RecordingsApi).shelf.resumed(event.call.call_id, ctx.envelope.occurred_at)


async def on_call_noted(event: CallNoted, ctx: HandlerContext) -> None:
    """The note is found by the call's recordings."""
    await ctx.apis.of(RecordingsApi).shelf.notes(event.call_id)


async def on_client_erased(_event: ClientErased, ctx: HandlerContext) -> None:
    """Calls have erased the notes that named the person; what the library copied of them goes too."""
    await ctx.apis.of(RecordingsApi).shelf.drop_gone_notes()


async def on_task_escalated(event: TaskEscalated, ctx: HandlerContext) -> None:
    """Nobody called back in time: the last talk is to be reviewed."""
    if event.kind == "callback":
        await ctx.apis.of(RecordingsApi).queue.promise_missed(event.client_id, event.number)
