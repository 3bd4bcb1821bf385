"""What recordings does when something happens; every handler may run twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hub.events.calls import CallCorrected, CallEnded, CallHeld, CallMerged, CallNoted, CallResumed
from hub.events.crm import CallerErased, ClientErased
from hub.events.recordings import (
    RecordingErased,
    RecordingGroundNoticed,
    RecordingLinked,
    RecordingNamed,
    RecordingNoticed,
    RecordingStored,
)
from hub.events.tasks import TaskEscalated
from hub.kernel.context import BatchContext, Delivered, HandlerContext
from recordings import statements as sql
from recordings.api import RecordingsApi
from recordings.rules_names import last_part

_SAME_ERASURE = timedelta(minutes=5)


def on_call_facts(ctx: BatchContext, batch: Sequence[Delivered[CallHeld | CallResumed | CallEnded]]) -> None:
    """Holds are shown on the line of the player, one that nobody saw end is over with the call. What is
    known of a call only at its end is put to its recordings: one may have been quicker. A yes that did not
    come until then comes no more."""
    begun: list[dict[str, object]] = []
    over: list[dict[str, object]] = []
    ended: list[dict[str, object]] = []
    closed: list[dict[str, object]] = []
    for delivered in batch:
        event, at = delivered.event, delivered.envelope.occurred_at
        call = event.call
        if isinstance(event, CallHeld):
            begun.append({"v_call": call.call_id, "v_at": at})
            continue
        over.append({"v_call": call.call_id, "v_at": (call.ended_at if call.state == "ended" else at) or at})
        if isinstance(event, CallEnded):
            said = {"v_direction": call.direction, "v_result": call.result, "v_queue": call.queue}
            ended.append({"v_call": call.call_id, **said})
            closed.append({"v_call": call.call_id, "v_at": call.ended_at or at})
    done = (
        (sql.HELD, begun), (sql.RESUMED, over), (sql.ENDED, ended), (sql.PAUSES_OVER, closed),
        (sql.STOPS_OVER, closed),
    )  # fmt: skip
    for statement, rows in done:
        if rows:
            statement.run(ctx.connection, rows)
    _look_again(ctx, [one for one in batch if isinstance(one.event, CallEnded)])


def on_recording_noticed(ctx: BatchContext, batch: Sequence[Delivered[RecordingNoticed]]) -> None:
    """What the caller heard of the recording, and what they said to it. A no ends it and erases it."""
    for one in batch:
        event = one.event
        is_no = event.said == "refused"
        row = {
            "v_call": event.call_id, "v_shop": one.envelope.shop_id, "v_at": event.at,
            "v_consent": {"agreed": "given", "refused": "refused"}.get(event.said),
            "v_rule": "no_consent" if is_no else None, "v_erases": is_no,
            "v_stop": "wanted" if is_no else None, "v_stop_at": event.at if is_no else None,
        }  # fmt: skip
        sql.NOTICED.run(ctx.connection, [row])
        ctx.hint("recording", event.call_id, 0, one.envelope.shop_id)
    _look_again(ctx, [one for one in batch if one.event.said == "refused"])


def _look_again(
    ctx: BatchContext, batch: Sequence[Delivered[RecordingNoticed | CallHeld | CallResumed | CallEnded]]
) -> None:
    """Of these calls' recordings: most have none yet, and cost no more than the look."""
    of: dict[str, Delivered[RecordingNoticed | CallHeld | CallResumed | CallEnded]] = {}
    for one in batch:
        event = one.event
        of[event.call_id if isinstance(event, RecordingNoticed) else event.call.call_id] = one
    for row in sql.RECORDED.all(ctx.connection, sorted(of)) if of else ():
        cause = of[row.call_id].envelope
        noticed = RecordingGroundNoticed(call_id=row.call_id)
        ctx.publish(noticed, cause=cause, external_id=f"ground:{cause.id}")


async def on_recording_ground_noticed(event: RecordingGroundNoticed, ctx: HandlerContext) -> None:
    """What there is of the call already must have its ground too."""
    await ctx.apis.of(RecordingsApi).basis.enforce_call(event.call_id)


def on_recording_named(ctx: BatchContext, batch: Sequence[Delivered[RecordingNamed]]) -> None:
    """The PBX said which file is this call's."""
    rows = [
        {
            "id": one.envelope.id, "name": last_part(one.event.path), "path": one.event.path,
            "call_id": one.event.call_id, "uniqueid": one.event.uniqueid, "at": one.event.at,
        }
        for one in batch
    ]  # fmt: skip
    sql.NAMED.run(ctx.connection, rows)
    began = [{"v_call": one.event.call_id, "v_at": one.event.at} for one in batch]
    sql.STOPPED_BEGINS_AGAIN.run(ctx.connection, [{"v_call": row["v_call"]} for row in began])
    sql.PAUSED_BEGINS_AGAIN.run(ctx.connection, began)


async def on_call_merged(event: CallMerged, ctx: HandlerContext) -> None:
    """Its recordings are the surviving call's."""
    api = ctx.apis.of(RecordingsApi)
    await api.linking.move(event.call_id, event.into_call_id)
    await api.holds.merged(event.call_id, event.into_call_id)
    await api.keeps.merged(event.call_id, event.into_call_id)
    await api.shelf.merged(event.call_id, event.into_call_id)
    await api.basis.merged(event.call_id, event.into_call_id)
    await api.guard.merged(event.call_id, event.into_call_id)
    await api.basis.enforce_call(event.into_call_id)


async def on_recording_stored(event: RecordingStored, ctx: HandlerContext) -> None:
    """It stands in the library, and its words are written down if somebody can."""
    api = ctx.apis.of(RecordingsApi)
    await api.basis.enforce([event.recording_id])
    await api.consider(event.recording_id)
    if event.state == "ready":
        await api.write_down(event.recording_id)


async def on_recording_linked(event: RecordingLinked, ctx: HandlerContext) -> None:
    """It is found by the call that it belongs to now, and what is known of that holds for it."""
    api = ctx.apis.of(RecordingsApi)
    await api.basis.enforce([event.recording_id])
    await api.consider(event.recording_id)


async def on_recording_erased(event: RecordingErased, ctx: HandlerContext) -> None:
    """Nothing that was said in it or written to it stays."""
    await ctx.apis.of(RecordingsApi).shelf.forget(event.recording_id)


async def on_call_corrected(event: CallCorrected, ctx: HandlerContext) -> None:
    """History was read again and was otherwise."""
    api = ctx.apis.of(RecordingsApi)
    await api.basis.enforce_call(event.call.call_id)
    await api.shelf.call_changed(event.call.call_id)


async def on_call_noted(event: CallNoted, ctx: HandlerContext) -> None:
    """The note is found by the call's recordings."""
    await ctx.apis.of(RecordingsApi).shelf.notes(event.call_id)


async def on_client_erased(_event: ClientErased, ctx: HandlerContext) -> None:
    """Calls have erased the notes that named the person; what the library copied of them goes too."""
    await _tell_of_erased(ctx)


async def on_caller_erased(_event: CallerErased, ctx: HandlerContext) -> None:
    """The same of a caller who was no client."""
    await _tell_of_erased(ctx)


async def _tell_of_erased(ctx: HandlerContext) -> None:
    api = ctx.apis.of(RecordingsApi)
    await api.shelf.drop_gone_notes()
    await api.erasing.tell_of_client(ctx.envelope.occurred_at - _SAME_ERASURE)


async def on_task_escalated(event: TaskEscalated, ctx: HandlerContext) -> None:
    """Nobody called back in time: the last talk is to be reviewed."""
    if event.kind == "callback":
        await ctx.apis.of(RecordingsApi).queue.promise_missed(event.client_id, event.number)
