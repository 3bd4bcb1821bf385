"""From wanted to what became of it: claims, results, what the PBX showed. Never commits, never sends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast, get_args

from sqlalchemy import delete, select, update

from hub.errors import HubError, NotAllowed, Unavailable
from hub.events.commands import CommandSeen, CommandSettled
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.dialling.models import Command
from hub.modules.dialling.rules_state import Fate, fate_of_seen
from hub.modules.dialling.views import CommandReason, CommandState, CommandView
from hub.ports.commands import CallControl, CommandKind, CommandResult, Hearing

TOPIC = "dialling"
TOO_LATE = timedelta(seconds=10)
"""An order that was not sent by then is not sent any more: nobody expects that phone to ring."""
_NO_ANSWER = timedelta(seconds=15)
_NO_END = timedelta(hours=6)
_KEPT = timedelta(days=366)
_NEVER_SEEN = timedelta(minutes=2)
_HEARING: tuple[CommandKind, ...] = get_args(Hearing)
_PATIENCE = {
    "wanted": TOO_LATE * 3,
    "sent": _NO_ANSWER,
    "unknown": _NEVER_SEEN,
    "accepted": timedelta(minutes=6),
    "connected": _NO_END,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An order that is ours to send, now, once."""

    id: str
    kind: CommandKind
    role: str
    actor: str
    shop_id: str
    extension: str
    number: str | None
    digits: str | None
    line: str | None
    call_id: str | None
    arguments: dict[str, Any]


def control_of(deps: Deps) -> CallControl | None:
    """The PBX link, where it takes orders at all."""
    telephony = deps.telephony
    return telephony if isinstance(telephony, CallControl) else None


def works_now(deps: Deps) -> frozenset[CommandKind]:
    """What an order could be given for at this moment; `ensure_ready` says in words why not."""
    control, telephony = control_of(deps), deps.telephony
    if control is None or telephony is None or not telephony.link().is_up:
        return frozenset()
    beyond = set(_HEARING) if deps.practice is not None else set()
    return frozenset(kind for kind in get_args(CommandKind) if kind not in {*control.lacks(), *beyond})


def ensure_ready(deps: Deps, kind: CommandKind) -> None:
    """Raises Unavailable where there is no line to the PBX now, NotAllowed where it would refuse."""
    control, telephony = control_of(deps), deps.telephony
    if control is None or telephony is None:
        raise Unavailable("dial.no_pbx", "No PBX is connected.", "Tell Pitline in the settings where it is.")
    if not telephony.link().is_up:
        raise Unavailable(
            "dial.no_line", "There is no line to the PBX now.", "Nothing was dialled. Take the phone by hand."
        )
    missing = control.lacks().get(kind)
    if deps.practice is not None and (missing is not None or kind in _HEARING):
        raise Unavailable("dial.practice", "The practice exchange cannot do this.", "A real PBX can.")
    if missing is not None:
        raise NotAllowed(
            "dial.pbx_refuses", "The PBX does not let Pitline do this.",
            "Whoever looks after it adds a right in manager.conf; `pitline doctor ami` says which.",
            data={"right": missing},
        )  # fmt: skip


class StateService:
    """What becomes of orders, for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps

    async def has_work(self) -> bool:
        """Whether a worker would find anything to send or to give up."""
        query = select(Command).where(Command.is_open).order_by(Command.id).limit(500)
        now = self._deps.clock.now()
        return any(
            row.state == "wanted" or _is_old(row, now) for row in (await self._session.scalars(query)).all()
        )

    async def claim(self) -> list[Claim]:
        """Take what waits; from the commit on each of them counts as sent, whatever happens. What has
        waited too long is given up."""
        now, claims = self._deps.clock.now(), list[Claim]()
        query = select(Command).where(Command.is_open, Command.state == "wanted").order_by(Command.id)
        for row in (await self._session.scalars(query.limit(50))).all():
            if row.wanted_at < now - TOO_LATE:
                self._settle(row, "failed", "too_late")
                continue
            held = update(Command).where(Command.id == row.id, Command.state == "wanted")
            taken = await self._session.execute(
                held.values(state="sent", sent_at=now, rev=row.rev + 1),
                execution_options={"synchronize_session": "fetch"},
            )
            if cast("Any", taken).rowcount == 1:
                claims.append(_claim(row))
                self._uow.hint(TOPIC, row.id, row.rev)
        return claims

    async def answered(self, command_id: str, result: CommandResult) -> None:
        """What the PBX said to it; facts that overtook the answer stay."""
        row = await self._session.get(Command, command_id)
        if row is None or row.state != "sent":
            return
        row.said = result.text[:500]
        if result.kind == "taken":
            is_call = row.kind in _BEGINS_A_CALL
            self._change(row, "accepted") if is_call else self._settle(row, "done", None)
        elif result.kind == "unknown":
            self._change(row, "unknown")
        else:
            self._settle(row, "failed", "refused" if result.kind == "refused" else "no_line")

    async def refused(self, command_id: str, fault: HubError) -> None:
        """The gate said no at the last moment: the settings have changed meanwhile."""
        row = await self._session.get(Command, command_id)
        if row is not None and row.state == "sent":
            row.said = fault.text
            self._settle(row, "failed", "not_allowed")

    async def seen(self, event: CommandSeen) -> None:
        """The call of an order was seen, or went on."""
        row = await self._session.get(Command, event.command_id)
        if row is None or (not row.is_open and row.reason not in ("lost", "ended_unseen", "too_late")):
            return
        if row.kind == "call":
            row.call_id = event.call_id
        if event.answered_at is not None and row.connected_at is None:
            row.connected_at = event.answered_at
        self._follow(row, fate_of_seen(event))

    async def compared(self, lost_at: datetime | None, at: datetime) -> None:
        """A picture of the PBX was compared: an order that was given before the line was lost, whose
        channel the picture did not show and nobody has seen, is not there. One that a hub left behind
        without knowing when the line was lost is old enough to be over."""
        before = lost_at or at - _NO_ANSWER
        for row in await self._open(("sent", "unknown")):
            if (row.sent_at or row.wanted_at) <= (at if row.state == "unknown" else before):
                self._give_up(row)

    async def forget(self) -> int:
        """Drop what was over a year ago; how many."""
        before = self._deps.clock.now() - _KEPT
        gone = delete(Command).where(Command.is_open.is_(False), Command.wanted_at < before)
        return cast("Any", await self._session.execute(gone)).rowcount or 0

    async def expire(self) -> None:
        """What no answer came to is unknown; what no end came to is over, unseen."""
        now = self._deps.clock.now()
        for row in await self._open(tuple(_PATIENCE)):
            if not _is_old(row, now):
                continue
            if row.state == "wanted":
                self._settle(row, "failed", "too_late")
            elif row.state == "sent":
                self._change(row, "unknown")
            elif row.state == "connected" or row.kind in _HEARING:
                self._settle(row, "done", "ended_unseen")
            elif row.state == "accepted":
                self._settle(row, "failed", "ended_unseen")
            elif control_is_up(self._deps):
                self._give_up(row)

    async def _open(self, states: Sequence[str]) -> Sequence[Command]:
        query = select(Command).where(Command.is_open, Command.state.in_(states)).order_by(Command.id)
        return (await self._session.scalars(query.limit(500))).all()

    def _give_up(self, row: Command) -> None:
        """The PBX shows no call of it; of what steers a call its page says more than we know."""
        if row.kind in _BEGINS_A_CALL:
            self._settle(row, "failed", "lost")
        else:
            self._settle(row, "unknown", "unseen")

    def _follow(self, row: Command, fate: Fate) -> None:
        if fate.is_over:
            self._settle(row, fate.state, fate.reason)
        elif row.state != fate.state:
            row.is_open, row.reason, row.settled_at = True, None, None
            self._change(row, fate.state)
            if fate.state == "connected":
                self._tell(row)

    def _settle(self, row: Command, state: CommandState, reason: CommandReason | None) -> None:
        row.reason, row.is_open, row.settled_at = reason, False, self._deps.clock.now()
        self._change(row, state)
        self._tell(row)

    def _change(self, row: Command, state: CommandState) -> None:
        row.state = state
        row.rev += 1
        self._uow.hint(TOPIC, row.id, row.rev)

    def _tell(self, row: Command) -> None:
        self._uow.publish(
            CommandSettled(
                command_id=row.id, kind=row.kind, state=row.state, reason=row.reason, call_id=row.call_id
            )
        )


def _is_old(row: Command, now: datetime) -> bool:
    """Whether it has stood so for longer than it should."""
    patience = _PATIENCE[row.state]
    if row.kind in _HEARING and row.state == "accepted":
        patience = _NO_END
    return now - (row.sent_at or row.wanted_at) > patience


_BEGINS_A_CALL = ("call", "pick_up", *_HEARING)


def control_is_up(deps: Deps) -> bool:
    """Whether the PBX is listened to now."""
    return deps.telephony is not None and deps.telephony.link().is_up


def view(row: Command) -> CommandView:
    """The row as others see it."""
    return CommandView(
        id=row.id, rev=row.rev, shop_id=row.shop_id, kind=cast("Any", row.kind),
        state=cast("Any", row.state), reason=cast("Any", row.reason), said=row.said, is_open=row.is_open,
        extension=row.extension, number=row.number, line=row.line, call_id=row.call_id,
        wanted_at=row.wanted_at, sent_at=row.sent_at, connected_at=row.connected_at,
        settled_at=row.settled_at,
    )  # fmt: skip


def _claim(row: Command) -> Claim:
    return Claim(
        id=row.id, kind=cast("Any", row.kind), role=row.role, actor=row.actor, shop_id=row.shop_id,
        extension=row.extension, number=row.number, digits=row.digits, line=row.line, call_id=row.call_id,
        arguments=json.loads(row.arguments),
    )  # fmt: skip
