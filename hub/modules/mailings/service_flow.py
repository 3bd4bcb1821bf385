"""From a draft to its end: handed in, approved by somebody else, stopped. Never commits."""

from __future__ import annotations

from sqlalchemy import select, update

from hub.errors import Conflict, NotAllowed
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.mailings.models import Mailing, Recipient
from hub.modules.mailings.rules import demand
from hub.modules.mailings.service_drafts import DraftService
from hub.modules.mailings.service_reading import ReadingService, Shops
from hub.modules.mailings.views import MailingView
from hub.modules.messaging.api import MessagingApi

WORKER = "mailings"
_LONGEST_WHY = 500


class FlowService:
    """What happens to a mailing that is written."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._reading = ReadingService(uow, deps)
        self._drafts = DraftService(uow, deps)
        self._messaging = MessagingApi(uow, deps)

    async def submit(self, mailing_id: str, rev: int | None, shops: Shops) -> MailingView:
        """It waits for a second person. Raises NotFound, Conflict (not counted, nobody on the list)."""
        row = await self._locked(mailing_id, rev, shops)
        demand("submit", row.state)
        view = await self._reading.one(row.id)
        if not view.is_counted or view.is_counting:
            raise Conflict(
                "mailings.not_counted", "Nobody knows yet whom this would go to.",
                "Count the list first, then look at it.",
            )  # fmt: skip
        if not view.sums.going:
            raise Conflict(
                "mailings.nobody", "Nobody would get this.",
                "Look at the reasons below, and choose somebody else.",
            )  # fmt: skip
        if not self._deps.settings.server.public_url:
            raise Conflict(
                "mailings.no_address", "Clients could not end mailings: Pitline has no public address.",
                "Set HUB_SERVER__PUBLIC_URL: each mailing carries a link there.",
            )  # fmt: skip
        row.state, row.submitted_at, row.declined = "waiting", self._clock.now(), ""
        await self._drafts.touch(row, is_writing=True)
        return await self._reading.one(row.id)

    async def approve(
        self, mailing_id: str, rev: int | None, shops: Shops, *, by: str | None, name: str, is_alone: bool
    ) -> MailingView:
        """Let it go at its time. `by` is who approves: none of its authors, unless there is nobody else who
        could (`is_alone`). Raises NotFound, NotAllowed, Conflict."""
        row = await self._locked(mailing_id, rev, shops)
        demand("approve", row.state)
        if by is None or not by.startswith("person:"):
            raise NotAllowed(
                "mailings.person", "Only a person approves a mailing.", "Sign in and do it there."
            )
        if by in row.authors and not is_alone:
            raise NotAllowed(
                "mailings.own", "Nobody approves a mailing of their own.",
                "Let somebody else look at it: they may type their password here.",
            )  # fmt: skip
        now = self._clock.now()
        row.state, row.approved_at, row.approved_by, row.approved_name = "scheduled", now, by, name
        row.next_at = max(now, row.starts_at or now)
        await self._drafts.touch(row)
        self._uow.after_commit(lambda: self._deps.wake(WORKER))
        return await self._reading.one(row.id)

    async def decline(self, mailing_id: str, shops: Shops, why: str) -> MailingView:
        """Back to its authors, with a reason. Raises NotFound, Conflict."""
        row = await self._locked(mailing_id, None, shops)
        demand("decline", row.state)
        row.state, row.submitted_at = "draft", None
        row.declined = " ".join(why.split())[:_LONGEST_WHY] or "-"
        await self._drafts.touch(row)
        return await self._reading.one(row.id)

    async def take_back(self, mailing_id: str, shops: Shops) -> MailingView:
        """A draft again, as long as nothing has left; to be approved anew. Raises NotFound, Conflict."""
        row = await self._locked(mailing_id, None, shops)
        demand("take_back", row.state)
        row.state, row.submitted_at, row.next_at = "draft", None, None
        row.approved_at, row.approved_by, row.approved_name = None, None, ""
        await self._drafts.touch(row)
        return await self._reading.one(row.id)

    async def stop(self, mailing_id: str, shops: Shops, name: str) -> MailingView:
        """Nothing leaves after this commit but what is on the wire: what was not handed on is not, and what
        waits in messaging is taken back. Raises NotFound, Conflict."""
        row = await self._locked(mailing_id, None, shops)
        demand("stop", row.state)
        await self._end(row, name)
        return await self._reading.one(row.id)

    async def drop(self) -> int:
        """Every mailing that goes on is over: at the end of a quarantine."""
        query = select(Mailing).where(Mailing.state.in_(("scheduled", "running"))).with_for_update()
        rows = (await self._session.scalars(query)).all()
        for row in rows:
            await self._end(row, "")
        return len(rows)

    async def _end(self, row: Mailing, name: str) -> None:
        query = select(Recipient).where(Recipient.mailing_id == row.id, Recipient.state == "queued")
        queued = {one.message_id: one for one in (await self._session.scalars(query)).all()}
        taken = await self._messaging.withdrawing.withdraw([one for one in queued if one is not None])
        now = self._clock.now()
        for message_id in taken:
            queued[message_id].state, queued[message_id].at = "stopped", now
        await self._session.flush()
        rest = (Recipient.mailing_id == row.id, Recipient.state == "waiting")
        await self._session.execute(
            update(Recipient)
            .where(*rest)
            .values(state="stopped")
            .execution_options(synchronize_session=False)
        )
        row.state, row.next_at, row.ended_at, row.stopped_name = "stopped", None, now, name
        await self._drafts.touch(row)

    async def _locked(self, mailing_id: str, rev: int | None, shops: Shops) -> Mailing:
        row = await self._reading.row(mailing_id, shops, lock=True)
        if rev is not None and rev != row.rev:
            raise Conflict(
                "mailings.stale", "Somebody else has changed this meanwhile.",
                "Look at the present state first.", data={"rev": row.rev},
            )  # fmt: skip
        return row
