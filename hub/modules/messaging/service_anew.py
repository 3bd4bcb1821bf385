"""What failed and is asked for once more. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import literal, select, update

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.messaging.conditions import has_cause
from hub.modules.messaging.models import Message
from hub.modules.messaging.service_outgoing import OutgoingService
from hub.modules.messaging.views import MessageEntry, PlaceView, Shops

_LONGEST_OWN_CAUSE = 173
"""Of a failed message that leaves its cause to another: what its id leaves room for."""


class AnewService:
    """The same cause once more, by another message; nobody reads a thing twice."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._outgoing = OutgoingService(uow, deps)

    async def queue(self, entry: MessageEntry, shops: Shops = None) -> Message:
        """As OutgoingService.queue; but where what was sent for the cause has failed, this entry goes out: to
        whom, by what and with which words it is now. Of one in pieces, some of which have gone the same way,
        only the others go out, with the words that they had. The failed ones keep all but the cause."""
        await self._uow.take_turn(f"messaging:cause:{entry.cause}")
        query = select(Message).where(has_cause(), Message.cause == entry.cause)
        last = (await self._session.scalars(query)).first()
        if last is None:
            return await self._outgoing.queue(entry, shops)
        pieces = (*await self._before(last), last)
        failed = [piece for piece in pieces if piece.state == "failed"]
        if not failed:
            return last
        out: list[str] = []
        end_is_out = False
        if len(failed) < len(pieces) and await self._goes_the_same_way(entry, last, shops):
            end_is_out = last.state != "failed" or bool(last.more.get("end_is_out"))
            out = [one.id for one in pieces if one.state != "failed"]
            entry = _of_pieces(entry, failed, None if end_is_out else last)
        given_away = literal(f"{entry.cause[:_LONGEST_OWN_CAUSE]}:") + Message.id
        leaves = update(Message).where(Message.id == last.id)
        await self._session.execute(leaves.values(cause=given_away))
        message = await self._outgoing.queue(entry, shops)
        if out:  # should this fail too, what is out already is still known
            before = [*out, *message.more.get("before", ())]
            message.more = {**message.more, "before": before, "end_is_out": end_is_out}
        return message

    async def _before(self, last: Message) -> Sequence[Message]:
        ids = last.more.get("before", ())
        query = select(Message).where(Message.id.in_(ids)).order_by(Message.n)
        return (await self._session.scalars(query)).all() if ids else ()

    async def _goes_the_same_way(self, entry: MessageEntry, last: Message, shops: Shops) -> bool:
        way = await self._outgoing.way(entry, shops)
        return (way.channel.name, way.address) == (last.channel, last.address)


def _of_pieces(entry: MessageEntry, failed: Sequence[Message], end: Message | None) -> MessageEntry:
    """What has not gone out; buttons and the point on the map stand below the `end`, if that failed too."""
    text = "\n".join(piece.text for piece in failed)
    if end is not None:
        place = end.more.get("place")
        return replace(entry, text=text, place=PlaceView(**place) if place else None)
    return replace(entry, text=text, buttons=(), place=None)
