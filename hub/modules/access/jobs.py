"""What access does again and again."""

from __future__ import annotations

from hub.kernel.jobs.definition import JobContext
from hub.modules.access.api import AccessApi


async def forget_old_logins(ctx: JobContext) -> None:
    """Tries to sign in are kept for a day, ended sessions and what asked for a second person for a month."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(AccessApi).logins.forget_old()
        await ctx.apis(uow).of(AccessApi).approvals.forget_old()


async def forget_old_answers(ctx: JobContext) -> None:
    """What was answered to an Idempotency-Key is kept for the days that the settings say."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(AccessApi).forget_old_answers()


async def note_audit_head(ctx: JobContext) -> None:
    """Where the audit log ends, noted where whoever can write to the database cannot reach: whoever
    writes the log anew is found by `pitline doctor audit --anchor <this>`."""
    async with ctx.reading() as uow:
        head = await ctx.apis(uow).of(AccessApi).audit.head()
    if head is not None and head.seq:
        ctx.log.info("the audit log ends here", anchor=str(head))
