"""What alerts does when something happens. Each may run twice."""

from __future__ import annotations

from hub.events.groups import GroupChanged, GroupPressed, GroupSaid
from hub.events.messages import MessageSettled
from hub.events.recordings import RecordingReviewed
from hub.events.tasks import TaskClosed, TaskOpened, TaskShared, TaskTaken
from hub.kernel.context import HandlerContext
from hub.modules.alerts.api import AlertsApi


async def on_task_opened(event: TaskOpened, ctx: HandlerContext) -> None:
    """Somebody is to be called back."""
    await ctx.apis.of(AlertsApi).facts.opened(event)


async def on_task_shared(event: TaskShared, ctx: HandlerContext) -> None:
    """A further shop waits for the same client."""
    await ctx.apis.of(AlertsApi).facts.shared(event)


async def on_task_taken(event: TaskTaken, ctx: HandlerContext) -> None:
    """A colleague has it in hand."""
    await ctx.apis.of(AlertsApi).facts.taken(event)


async def on_task_closed(event: TaskClosed, ctx: HandlerContext) -> None:
    """The alert says that it is over."""
    await ctx.apis.of(AlertsApi).facts.closed(event)


async def on_message_settled(event: MessageSettled, ctx: HandlerContext) -> None:
    """A message may not have arrived."""
    await ctx.apis.of(AlertsApi).facts.settled(event)


async def on_recording_reviewed(event: RecordingReviewed, ctx: HandlerContext) -> None:
    """A talk was scored low."""
    await ctx.apis.of(AlertsApi).facts.reviewed(event, str(ctx.envelope.shop_id))


async def on_group_said(event: GroupSaid, ctx: HandlerContext) -> None:
    """A code binds the group."""
    await ctx.apis.of(AlertsApi).groups.said(event)


async def on_group_pressed(event: GroupPressed, ctx: HandlerContext) -> None:
    """Somebody takes an alert, or calls back."""
    await ctx.apis.of(AlertsApi).presses.pressed(event)


async def on_group_changed(event: GroupChanged, ctx: HandlerContext) -> None:
    """The group has moved, or the bot was put out of it."""
    await ctx.apis.of(AlertsApi).groups.changed(event)
