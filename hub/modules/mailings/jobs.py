"""Makes the list of a mailing: read in stretches, written in short transactions, seen when it is whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from hub.kernel.jobs.definition import JobContext, JobResult
from hub.modules.crm.api import CrmApi
from hub.modules.mailings.api import MailingsApi
from hub.modules.mailings.service_counting import STRETCH, Asked, Row, Seen


async def count(ctx: JobContext) -> JobResult:
    """The mailing of the payload. A second run begins anew; what somebody changes meanwhile ends it."""
    mailing_id = str(ctx.payload["mailing_id"])
    link = f"/mailings/{mailing_id}"
    async with ctx.reading() as uow:
        asked = await ctx.apis(uow).of(MailingsApi).counting.asked(mailing_id)
    if asked is None:
        return JobResult(link=link)
    async with ctx.writing() as uow:
        if not await ctx.apis(uow).of(MailingsApi).counting.begin(asked, ctx.run_id):
            return JobResult(link=link)
    done = 0
    async for rows in _rows(ctx, asked):
        for begin in range(0, len(rows), STRETCH):
            part = rows[begin : begin + STRETCH]
            async with ctx.writing() as uow:
                api = ctx.apis(uow).of(MailingsApi)
                if not await api.counting.add(asked, ctx.run_id, done, part):
                    return JobResult(link=link)
            done += len(part)
            ctx.progress(done, None, "Clients are looked at")
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(MailingsApi).counting.end(asked, ctx.run_id)
    return JobResult("The list is ready.", link=link)


async def forget(ctx: JobContext) -> None:
    """Numbers of people who are no clients do not lie about."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(MailingsApi).drafts.forget_lists()


async def _rows(ctx: JobContext, asked: Asked) -> AsyncIterator[Sequence[Row]]:
    seen = Seen()
    async with ctx.reading() as uow:
        values = await ctx.apis(uow).of(MailingsApi).counting.values(asked.shop_id)
    if asked.audience.kind == "list":
        async with ctx.reading() as uow:
            lines = await ctx.apis(uow).of(MailingsApi).drafts.lines(asked.id)
        for begin in range(0, len(lines), STRETCH):
            async with ctx.reading() as uow:
                api = ctx.apis(uow).of(MailingsApi)
                found = await api.counting.matched(lines[begin : begin + STRETCH])
                clients = await ctx.apis(uow).of(CrmApi).clients_by_ids({c for _, c, _ in found if c})
                known = [(line, clients[c]) for line, c, _ in found if c is not None and c in clients]
                nobody = [Row(line=line, reason=why) for line, c, why in found if c is None]
                rows = [*await api.counting.rows(asked, values, known, seen), *nobody]
            yield rows
        return
    cursor: str | None = None
    while True:
        async with ctx.reading() as uow:
            api = ctx.apis(uow).of(MailingsApi)
            page, cursor = await api.counting.clients(asked.audience, cursor)
            rows = await api.counting.rows(asked, values, [("", client) for client in page], seen)
        yield rows
        if cursor is None:
            return
