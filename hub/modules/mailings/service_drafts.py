"""Mailings as people write them: drafted, changed, removed; their files of numbers. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta

from sqlalchemy import delete, select, update

from hub.errors import Conflict, Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.mailings.models import List, Mailing, Recipient
from hub.modules.mailings.rules import FASTEST, SLOWEST, demand
from hub.modules.mailings.rules_lists import MOST_LINES, Line
from hub.modules.mailings.rules_texts import LONGEST_TEXT, LONGEST_TITLE, unknown_in
from hub.modules.mailings.scope import TOPIC
from hub.modules.mailings.service_reading import ReadingService, Shops
from hub.modules.mailings.views import MailingEntry, MailingView
from hub.modules.messaging.api import MessagingApi
from hub.values import ShopId

_KEPT = timedelta(days=30)
_LATEST = timedelta(days=365)
_LONGEST = 200


class DraftService:
    """Writes drafts."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._channels = MessagingApi(uow, deps).channels
        self._reading = ReadingService(uow, deps)

    async def create(self, entry: MailingEntry, author: str) -> MailingView:
        """A new one. Raises Invalid."""
        ready = self._checked(entry)
        now = self._clock.now()
        row = Mailing(
            id=new_id(self._clock), rev=1, shop_id=str(self._uow.shop_id), title=ready.title, text=ready.text,
            channels=list(ready.channels), audience=asdict(ready.audience), state="draft", pace=ready.pace,
            starts_at=ready.starts_at, next_at=None, content=1, counted=0, counted_at=None, count_run=None,
            authors=[self._uow.actor] if self._uow.actor else [], created_at=now, created_name=author,
            submitted_at=None, approved_at=None, approved_by=None, approved_name="", declined="",
            begun_at=None, ended_at=None, stopped_name="",
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        self._uow.hint(TOPIC, row.id, row.rev)
        return await self._reading.one(row.id)

    async def change(
        self, mailing_id: str, rev: int | None, entry: MailingEntry, shops: Shops
    ) -> MailingView:
        """Put `entry` in place of what is there; whoever does is one of its authors. What was counted before
        counts no more. Raises NotFound, Invalid, Conflict (stale, not a draft any more)."""
        row = await self._reading.row(mailing_id, shops, lock=True)
        demand("change", row.state)
        if rev is not None and rev != row.rev:
            raise Conflict(
                "mailings.stale", "Somebody else has changed this meanwhile.",
                "Look at the present state and enter your change again.", data={"rev": row.rev},
            )  # fmt: skip
        ready = self._checked(entry)
        if ready.audience.kind == "list":
            ready = replace(ready, audience=replace(ready.audience, file=row.audience.get("file", "")))
        before = (row.text, row.channels, row.audience)
        row.title, row.text, row.channels = ready.title, ready.text, list(ready.channels)
        row.audience, row.pace, row.starts_at = asdict(ready.audience), ready.pace, ready.starts_at
        if before != (row.text, row.channels, row.audience):
            await self.renewed(row)
        await self.touch(row, is_writing=True)
        return await self._reading.one(row.id)

    async def set_list(self, mailing_id: str, name: str, lines: Sequence[Line], shops: Shops) -> None:
        """The numbers of a file are whom it is for. Raises NotFound, Invalid, Conflict."""
        row = await self._reading.row(mailing_id, shops, lock=True)
        demand("change", row.state)
        if not any(kind for _, kind, _ in lines):
            raise Invalid(
                "mailings.no_lines", "There is neither a phone number nor an e-mail address in this file.",
                "Each line holds one of them.", fields={"file": "No number was found."},
            )  # fmt: skip
        if len(lines) > MOST_LINES:
            raise Invalid(
                "mailings.long_list", "This file has too many lines.",
                "At most {most}: make several mailings of it.", fields={"file": "This is too long."},
                data={"most": MOST_LINES},
            )  # fmt: skip
        known = await self._session.get(List, row.id)
        if known is not None:
            await self._session.delete(known)
            await self._session.flush()
        shown = " ".join(name.split())[:_LONGEST]
        self._session.add(
            List(
                mailing_id=row.id,
                name=shown,
                lines=[list(one) for one in lines],
                created_at=self._clock.now(),
            )
        )
        row.audience = {**row.audience, "kind": "list", "file": shown}
        await self.renewed(row)
        await self.touch(row, is_writing=True)

    async def counts(self, mailing_id: str, run_id: str) -> None:
        """This run of the job makes its list. Raises NotFound, Conflict."""
        row = await self._reading.row(mailing_id, lock=True)
        demand("count", row.state)
        row.count_run = run_id
        await self.touch(row)

    async def content(self, mailing_id: str) -> int:
        """Which writing of it this is. Raises NotFound."""
        return (await self._reading.row(mailing_id)).content

    async def lines(self, mailing_id: str) -> list[list[str]]:
        """Those of its file; none where there is none."""
        query = select(List.lines).where(List.mailing_id == mailing_id)
        return (await self._session.scalars(query)).first() or []

    async def remove(self, mailing_id: str, shops: Shops) -> None:
        """A draft that nobody wants. Raises NotFound, Conflict."""
        row = await self._reading.row(mailing_id, shops, lock=True)
        demand("remove", row.state)
        for table in (Recipient, List):
            await self._session.execute(delete(table).where(table.mailing_id == row.id))
        await self._session.execute(delete(Mailing).where(Mailing.id == row.id))
        self._uow.hint(TOPIC, row.id, row.rev + 1, shop_id=ShopId(row.shop_id))

    async def forget_lists(self) -> None:
        """Files of mailings that are over, and of drafts that nobody has gone on with; what stands on lists
        of their lines that are nobody's."""
        old = self._clock.now() - _KEPT
        over = Mailing.state.in_(("done", "stopped")) & (Mailing.ended_at < old)
        left = select(Mailing.id).join(List, List.mailing_id == Mailing.id)
        left = left.where(over | ((Mailing.state == "draft") & (List.created_at < old)))
        ids = (await self._session.scalars(left)).all()
        await self._session.execute(delete(List).where(List.mailing_id.in_(ids)))
        nobodys = (Recipient.mailing_id.in_(ids), Recipient.client_id.is_(None))
        await self._session.execute(update(Recipient).where(*nobodys).values(line=""))

    async def renewed(self, row: Mailing) -> None:
        """What was counted is of something else."""
        row.content, row.count_run = row.content + 1, None
        await self._session.execute(delete(Recipient).where(Recipient.mailing_id == row.id))

    async def touch(self, row: Mailing, *, is_writing: bool = False) -> None:
        """It has changed; `is_writing`: the actor is one of its authors."""
        actor = self._uow.actor
        if is_writing and actor is not None and actor not in row.authors:
            row.authors = [*row.authors, actor]
        row.rev += 1
        await self._session.flush()
        self._uow.hint(TOPIC, row.id, row.rev, shop_id=ShopId(row.shop_id))

    def _checked(self, entry: MailingEntry) -> MailingEntry:
        """Ready to be stored. Raises Invalid with every field that is wrong."""
        title, text = " ".join(entry.title.split()), entry.text.replace("\r\n", "\n").strip()
        fields: dict[str, str] = {}
        if not title or len(title) > LONGEST_TITLE or not title.isprintable():
            fields["title"] = "A short name is needed."
        if not text or "\x00" in text:
            fields["text"] = "Write the text."
        elif len(text) > LONGEST_TEXT:
            fields["text"] = "This is too long."
        elif unknown_in(text):
            fields["text"] = "Something stands in braces that nobody can fill in."
        channels = tuple(dict.fromkeys(one for one in entry.channels if one in self._channels))
        if not channels or len(channels) != len(set(entry.channels)):
            fields["channels"] = "Choose at least one channel that is set up."
        if not SLOWEST <= entry.pace <= FASTEST:
            fields["pace"] = "A whole number from 1 to 1800."
        now = self._clock.now()
        if entry.starts_at is not None and not now - _LATEST < entry.starts_at < now + _LATEST:
            fields["starts_at"] = "A day within the next year."
        about = entry.audience
        texts = (about.segment, about.tag, about.source, about.text)
        if any(len(one) > _LONGEST or "\x00" in one for one in texts):
            fields["audience"] = "This is too long."
        if fields:
            raise Invalid(
                "mailings.invalid", "Something is missing or wrong.", "Look at the fields.", fields=fields
            )
        return replace(entry, title=title, text=text, channels=channels)
