"""Messages on their way out: claimed, what became of them noted, doubts kept open. Never commits; each call
is one of the short transactions of the sender."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import aliased

from hub.events.messages import Place
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import map_link
from hub.modules.messaging.channels import Channels
from hub.modules.messaging.conditions import is_state
from hub.modules.messaging.file_links import address_of
from hub.modules.messaging.models import File, Message
from hub.modules.messaging.rules import ASK_AFTER, OPEN_STATES, next_try
from hub.modules.messaging.rules_templates import opened
from hub.modules.messaging.service_book import ThreadBook
from hub.modules.messaging.service_gate import MessageGate
from hub.modules.messaging.service_settling import LONGEST_ERROR, Settling, turn_of
from hub.ports.messaging import Button, Channel, OutgoingFile, OutgoingMessage, Refused, Sent

CLAIM_SECONDS = 120.0
"""After so long without a word of its process a message is in doubt: see `hold`."""
_FETCHED_WITHIN = timedelta(days=1)
"""How long a provider may fetch a file."""
TOO_LATE = "It could not be sent in time."
DROPPED = "Dropped at the end of a quarantine."


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this process sends, or asks its provider about."""

    message: OutgoingMessage
    """As it goes out."""
    is_doubted: bool = False


class SendingService:
    """The rows behind the sender; `process` is the name of its own claims, `in_hand` are the messages that it
    is sending just now, and not for too long."""

    def __init__(self, uow: UnitOfWork, deps: Deps, process: str, in_hand: Collection[str] = ()) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._deps = deps
        self._process = process
        self._in_hand = in_hand
        self._is_alone = deps.settings.database.url.startswith("sqlite")
        self._book = ThreadBook(uow, deps)
        self._settling = Settling(uow, deps)
        self._gate = MessageGate(uow, deps)
        self.barred: list[str] = []
        """What the gate did not let through while claiming: their threads were not locked."""

    async def has_work(self) -> bool:
        """Whether anything is to be sent, or in doubt."""
        some = (
            select(Message.n).where(is_state("queued"), self._is_due()),
            select(Message.n).where(is_state("sending"), self._is_orphan()),
            select(Message.n).where(is_state("unknown"), Message.not_before <= self._now),
        )
        query = select(or_(*(exists(one.limit(1)) for one in some)))
        return bool((await self._session.scalars(query)).one())

    async def claim(self, channel: str, busy: Collection[str], limit: int) -> list[Claim]:
        """The next ones of a channel: answers first, one for each chat, in a chat's own order; nobody waits
        for what is meant for later."""
        if limit <= 0:
            return []
        before = aliased(Message)
        waits_behind = exists().where(
            is_state("queued", before), before.channel == channel, before.address == Message.address,
            before.priority == Message.priority, before.n < Message.n,
            or_(before.tries > 0, before.not_before.is_(None), before.not_before <= self._now),
        )  # fmt: skip
        query = (
            select(Message)
            .where(
                is_state("queued"), Message.channel == channel,
                self._is_due(),
                Message.address.not_in(sorted(busy)), ~waits_behind,
            )
            .order_by(Message.priority, Message.n)
            .limit(limit * 2)
            .with_for_update(skip_locked=True)
        )  # fmt: skip
        chosen: dict[str, Message] = {}
        for row in (await self._session.scalars(query)).all():
            if row.address not in chosen and len(chosen) < limit:
                chosen[row.address] = row
        claims = []
        for row in chosen.values():
            if await self._gate.passes(row):
                claims.append(await self._claimed(row))
            elif row.not_before is None or row.not_before <= self._now:
                self.barred.append(row.id)
        return claims

    async def bar(self, message_ids: Collection[str]) -> None:
        """What was not let through fails with the reason."""
        await self._gate.bar(message_ids)

    async def expire(self) -> None:
        """What nobody wants any more is not sent; what a process has left behind is in doubt."""
        late = select(Message).where(is_state("queued"), Message.not_after < self._now).limit(100)
        for row in await self._book.messages(late, passes_by=True):
            await self._settling.settle(row, "failed", at=self._now, error=TOO_LATE)
        left = select(Message).where(is_state("sending"), self._is_orphan()).limit(100)
        for row in (await self._session.scalars(left.with_for_update(skip_locked=True))).all():
            self.doubt(row)

    async def hold(self) -> None:
        """What this process has in hand stays its own, as long as a provider may take."""
        until, mine = self._now + timedelta(seconds=CLAIM_SECONDS), Message.id.in_(sorted(self._in_hand))
        for held, values in (
            (and_(is_state("sending"), Message.claim == self._process), {"claimed_until": until}),
            (and_(is_state("unknown"), Message.not_before.is_not(None)), {"not_before": until}),
        ):
            query = update(Message).where(mine, held).values(values)
            await self._session.execute(query.execution_options(synchronize_session=False))

    async def doubts(self, channels: Collection[str], limit: int) -> list[Claim]:
        """Those whose providers are to be asked now; nobody else asks them meanwhile."""
        query = select(Message).where(
            is_state("unknown"), Message.not_before <= self._now, Message.channel.in_(sorted(channels))
        )
        query = query.order_by(Message.n).limit(limit).with_for_update(skip_locked=True)
        rows = (await self._session.scalars(query)).all()
        for row in rows:
            row.not_before = self._now + timedelta(seconds=CLAIM_SECONDS)
        return [Claim(await self._outgoing(row), is_doubted=True) for row in rows]

    def doubt(self, row: Message, why: str = "") -> None:
        """It may have gone out, as far as is known why. Its provider is asked in a while."""
        row.state, row.claim, row.claimed_until, row.finds = "unknown", None, None, 0
        row.not_before = self._now + timedelta(seconds=ASK_AFTER[0])
        row.error = why[:LONGEST_ERROR]
        row.rev += 1

    async def went(self, message_id: str, sent: Sent) -> None:
        """The provider has it. Where it names it by an id that another message to that address has, a person
        decides."""
        known = (await self._session.scalars(select(Message).where(Message.id == message_id))).first()
        if known is None:
            return
        await self._book.row(known.conversation_id, lock=True)
        await self._uow.take_turn(turn_of(known.channel, known.provider_id or sent.provider_id))
        row = await self._book.message(message_id)
        if row is None:
            return
        if row.provider_id is None and await self._is_anothers(row, sent.provider_id):
            if row.state in OPEN_STATES:
                row.not_before = None
                await self._settling.settle(row, "unknown", at=self._now)
            return
        await self._settling.went(row, sent.provider_id, sent.parts, self._now)

    async def again(self, message_id: str, retry_after: float, *, counts: bool = True) -> None:
        """It certainly did not go out; it is tried later."""
        row = await self._mine(message_id)
        if row is None:
            return
        row.not_before = next_try(row.tries, self._now, retry_after)
        row.state, row.claim, row.claimed_until, row.finds = "queued", None, None, 0
        row.tries -= 0 if counts else 1
        row.rev += 1
        self._book.touch(await self._book.row(row.conversation_id))

    async def refused(self, message_id: str, refusal: Refused) -> None:
        """It will never go out as it stands; where the address has moved, it goes there."""
        row = await self._mine(message_id)
        if row is None:
            return
        if refusal.moved_to and not row.more.get("moved_from"):
            await self._move(row, refusal.moved_to)
            return
        if refusal.is_blocked:
            await self._settling.block(row, refusal.text)
        await self._settling.settle(row, "failed", at=self._now, error=refusal.text)

    async def in_doubt(self, message_id: str, why: str) -> None:
        """The answer was not seen, or only a part went out."""
        row = await self._mine(message_id)
        if row is not None:
            self.doubt(row, why)
            self._book.touch(await self._book.row(row.conversation_id))

    async def not_found(self, message_id: str) -> None:
        """The provider certainly has not got it: it may be sent."""
        row = await self._doubted(message_id)
        if row is not None:
            row.state, row.not_before, row.finds, row.error = "queued", None, 0, ""
            row.rev += 1
            self._book.touch(await self._book.row(row.conversation_id))

    async def still_unknown(self, message_id: str, why: str, *, is_final: bool) -> None:
        """The provider cannot say, and why: a person decides, who is told first why it is in doubt, where
        that is known. Or the provider did not answer, and is asked once more."""
        row = await self._doubted(message_id)
        if row is None:
            return
        row.finds += 1
        if is_final or row.finds >= len(ASK_AFTER):
            row.not_before = None
            await self._settling.settle(row, "unknown", at=self._now, error=row.error or why)
        else:
            row.not_before = self._now + timedelta(seconds=ASK_AFTER[row.finds])

    async def _claimed(self, row: Message) -> Claim:
        row.state, row.claim, row.tries = "sending", self._process, row.tries + 1
        row.claimed_until = self._now + timedelta(seconds=CLAIM_SECONDS)
        row.rev += 1
        return Claim(await self._outgoing(row))

    async def _outgoing(self, row: Message) -> OutgoingMessage:
        place = row.more.get("place")
        point = Place(latitude=place["latitude"], longitude=place["longitude"]) if place else None
        channel = Channels(self._deps.senders).of(row.channel)
        text = opened(row.text, row.more.get("agree_url", ""))
        if point is not None and (channel is None or not channel.can_place):
            text, point = f"{text}\n{map_link(point.latitude, point.longitude)}".strip(), None
        return OutgoingMessage(
            id=row.id, channel=row.channel, account=row.account, address=row.address, text=text,
            created_at=row.created_at, tries=row.tries,
            buttons=tuple(Button(**one) for one in row.more.get("buttons", ())),
            files=await self._files(row, channel), answers=row.answers, place=point,
            subject=row.more.get("subject", ""), unsubscribe_url=row.more.get("unsubscribe_url", ""),
        )  # fmt: skip

    async def _files(self, row: Message, channel: Channel | None) -> tuple[OutgoingFile, ...]:
        if row.more.get("by_link"):
            return ()
        query = select(File).where(File.message_id == row.id).order_by(File.position)
        folder = Path(self._deps.settings.messaging.files)
        files: Sequence[File] = (await self._session.scalars(query)).all()
        return tuple(
            OutgoingFile(
                path=folder / file.path, content_type=file.content_type, name=file.name,
                url=self._address_of(file) if channel is not None and channel.fetches_files else "",
            )
            for file in files
        )  # fmt: skip

    def _address_of(self, file: File) -> str:
        base = self._deps.settings.server.public_url
        return address_of(self._deps.seal, base, file.id, self._now + _FETCHED_WITHIN)

    async def _move(self, row: Message, to: str) -> None:
        """The address itself has moved: a group that became another one."""
        known = await self._book.address(row.channel, row.address)
        taken = await self._book.address(row.channel, to)
        if known is not None and taken is None:
            known.address = to
        row.more = {**row.more, "moved_from": row.address}
        row.address, row.state, row.claim, row.not_before = to, "queued", None, None
        row.rev += 1

    async def _is_anothers(self, row: Message, provider_id: str) -> bool:
        """Whether another message of ours to that address has this id already; the thread is locked."""
        query = select(Message.n).where(
            Message.channel == row.channel, Message.address == row.address,
            Message.direction == row.direction, Message.provider_id == provider_id, Message.n != row.n,
        )  # fmt: skip
        return (await self._session.scalars(query.limit(1))).first() is not None

    async def _mine(self, message_id: str) -> Message | None:
        """Still being sent by this process; else somebody or something has settled it meanwhile."""
        row = await self._book.message(message_id)
        return row if row is not None and row.state == "sending" and row.claim == self._process else None

    async def _doubted(self, message_id: str) -> Message | None:
        row = await self._book.message(message_id)
        return row if row is not None and row.state == "unknown" else None

    def _is_due(self) -> ColumnElement[bool]:
        return or_(Message.not_before.is_(None), Message.not_before <= self._now)

    def _is_orphan(self) -> ColumnElement[bool]:
        """Claimed by a process that is gone: of several, as far as one can tell. Or by us, and its end was
        not noted."""
        gone: ColumnElement[bool] = Message.claimed_until < self._now
        if self._is_alone:
            gone = or_(gone, Message.claim != self._process)
        return and_(gone, Message.id.not_in(sorted(self._in_hand)))

    @property
    def _now(self) -> datetime:
        return self._clock.now()
