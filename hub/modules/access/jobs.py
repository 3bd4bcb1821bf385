"""What access does again and again."""

from __future__ import annotations

from hub.kernel.context import HandlerContext
from hub.modules.access.api import AccessApi


async def forget_old_logins(ctx: HandlerContext) -> None:
    """Tries to sign in are kept for a day, ended sessions for a month."""
    await ctx.apis.of(AccessApi).logins.forget_old()


async def forget_old_answers(ctx: HandlerContext) -> None:
    """What was answered to an Idempotency-Key is kept for the days that the settings say."""
    await ctx.apis.of(AccessApi).forget_old_answers()


async def note_audit_head(ctx: HandlerContext) -> None:
    """Where the audit log ends, noted where whoever can write to the database cannot reach: whoever
    writes the log anew is found by `pitline doctor audit --anchor <this>`."""
    head = await ctx.apis.of(AccessApi).audit.head()
    if head is not None and head.seq:
        ctx.log.info("the audit log ends here", anchor=str(head))
