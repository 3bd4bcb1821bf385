"""What the bot does when something happens. May run twice."""

from __future__ import annotations

from hub.events.messages import MessageArrived
from hub.kernel.context import HandlerContext
from hub.modules.bot.service_talks import TalkService


async def on_message_arrived(event: MessageArrived, ctx: HandlerContext) -> None:
    """Whoever speaks to the bot is answered."""
    if event.is_for_the_bot:
        await TalkService(ctx.uow, ctx.deps, ctx.apis).heard(event)
