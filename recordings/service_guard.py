"""The recording of a call that goes on: stopped, paused, resumed. The PBX is told by the worker (`guarding`);
what is said here of a pause is only what the PBX was seen to do. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from hub.errors import Conflict, Unavailable
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallView
from hub.ports.commands import CallControl, CommandResult
from hub.values import ShopId
from recordings.models import NamedFile
from recordings.models_basis import CallBasis, Pause, PauseState
from recordings.rules_basis import NoBasis, profile_of
from recordings.service_basis import BasisService, turn_of, view
from recordings.service_sharing import clean_reason
from recordings.views_basis import BasisView, CallRecordingState, CallRecordingView, PauseView

SEEN_WITHIN = timedelta(seconds=2)
"""A pause that the PBX has not confirmed by then is none: the recording is stopped."""
AFTER_THE_END = timedelta(minutes=2)
"""A key that was pressed as the call ended still means it."""
_OPEN: tuple[PauseState, ...] = ("wanted", "paused", "resuming")
_GOING: Mapping[PauseState, CallRecordingState] = {"wanted": "pausing", "paused": "paused"}


class GuardService:
    """For one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._basis = BasisService(uow, deps)
        self._access = AccessApi(uow, deps)

    async def of(self, call: CallView) -> CallRecordingView:
        """How it stands with the recording of this call."""
        basis = (await self._basis.of([call.id])).get(call.id) or BasisView(call_id=call.id)
        pauses = (await self.pauses([call.id])).get(call.id, ())
        policy = await self._basis.policy(call.shop_id)
        return CallRecordingView(
            call_id=call.id, state=await self._state(call, basis, pauses), basis=basis, pauses=pauses,
            profile=profile_of(policy, self._basis.country(call.shop_id)), policy=policy,
            is_line_up=line_is_up(self._deps),
        )  # fmt: skip

    async def pauses(self, call_ids: Collection[str]) -> dict[str, tuple[PauseView, ...]]:
        """The pauses of each call, the first first."""
        query = select(Pause).where(Pause.call_id.in_(sorted(set(call_ids))))
        found: dict[str, tuple[PauseView, ...]] = {}
        for row in (await self._session.scalars(query.order_by(Pause.wanted_at, Pause.id))).all():
            found[row.call_id] = (*found.get(row.call_id, ()), _view(row))
        return found

    # What people want

    async def stop_and_erase(
        self, call: CallView, *, name: str, reason: str = "", is_withdrawn: bool = False
    ) -> BasisView:
        """Nothing of this call's sound stays, whenever its file comes. Twice is once. Raises Conflict."""
        if not call.is_live and (call.ended_at is None or call.ended_at < self._clock.now() - AFTER_THE_END):
            raise Conflict(
                "recordings.call_over", "The call is over.",
                "Erase the recording on its own page; that needs a second person.",
            )  # fmt: skip
        rule: NoBasis = "withdrawn" if is_withdrawn else "stopped"
        row = await self._basis.row_of(call)
        if not row.stop_erases:
            await self._stop(row, rule, erases=True, reason=clean_reason(reason) if reason else "", name=name)
            if not call.is_live:
                row.stop_state = "done"
            await self._basis.enforce_call(call.id)
        return view(row)

    async def pause(self, call: CallView, *, name: str) -> PauseView:
        """Leave out what is said from now on. Raises Conflict, Unavailable where the PBX cannot be told: then
        nothing is paused."""
        self._ensure_live(call)
        await self._uow.take_turn(turn_of(call.id))
        known = (await self._basis.of([call.id])).get(call.id)
        if known is not None and known.stop_rule is not None:
            raise Conflict("recordings.stopped", "The recording of this call was stopped.", "It is not on.")
        row = await self._open(call.id)
        if row is not None and row.state != "resuming":
            return _view(row)
        self._ensure_line()
        now, policy = self._clock.now(), await self._basis.policy(call.shop_id)
        made = Pause(
            id=new_id(self._clock), rev=1, call_id=call.id, shop_id=call.shop_id, state="wanted",
            actor=self._uow.actor, name=name, wanted_at=now,
            until_at=now + timedelta(minutes=policy.pause_minutes), ended_by="", ended_name="",
        )  # fmt: skip
        if row is not None:  # the PBX may have been told to go on already: what is left out begins anew
            row.state, row.to_at, row.rev = "over", _end_of(row, now), row.rev + 1
        self._session.add(made)
        await self._told(made, "recordings.pause", "wanted")
        return _view(made)

    async def resume(self, call: CallView, *, name: str) -> PauseView:
        """Record again. While the line to the PBX is away it waits for it. Raises Conflict."""
        await self._uow.take_turn(turn_of(call.id))
        row = await self._open(call.id)
        if row is None:
            raise Conflict(
                "recordings.not_paused", "This recording is not paused.", "Look at the call again."
            )
        if row.state != "resuming":
            row.state, row.ended_by, row.ended_name = "resuming", "resumed", name
            await self._told(row, "recordings.resume", "wanted")
        return _view(row)

    # What the worker does

    async def has_work(self) -> bool:
        """Whether the PBX is to be told something."""
        due = or_(Pause.state != "paused", Pause.until_at <= self._clock.now())
        open_ = select(Pause.id).where(Pause.state.in_(_OPEN), due).limit(1)
        stops = select(CallBasis.call_id).where(CallBasis.stop_state == "wanted").limit(1)
        found = (await self._session.scalars(open_)).first() or (await self._session.scalars(stops)).first()
        return found is not None

    async def due(self) -> tuple[list[PauseView], list[BasisView]]:
        """Pauses that begin or end now, and recordings that are to be stopped."""
        now, due = self._clock.now(), list[PauseView]()
        query = select(Pause).where(Pause.state.in_(_OPEN)).order_by(Pause.id).limit(200)
        for row in (await self._session.scalars(query)).all():
            if row.state == "paused" and row.until_at <= now:
                row.state, row.ended_by = "resuming", "time"
                await self._told(row, "recordings.resume", "wanted")
            if row.state == "wanted" and row.broken_at is None and row.wanted_at <= now - SEEN_WITHIN * 2:
                await self._not_held(row, "it was not told in time")
            elif row.state != "paused":
                due.append(_view(row))
        query2 = select(CallBasis).where(CallBasis.stop_state == "wanted").limit(200)
        stops = [view(row) for row in (await self._session.scalars(query2)).all()]
        return due, stops

    async def muted(self, pause_id: str, result: CommandResult, at: datetime, rev: int) -> None:
        """What came of telling it to write silence; `at`: when that was known; `rev`: the row's when it was
        told. Where a recording began since then it is told again."""
        row = await self._session.get(Pause, pause_id, populate_existing=True)
        if row is None or row.state not in ("wanted", "resuming"):
            return
        if result.kind != "taken":
            if row.state == "wanted":
                await self._not_held(row, result.text)
            return
        if row.state == "wanted" and row.rev != rev:
            return
        if row.broken_at is not None and row.from_at is not None:
            await self._begin_anew(row, at)
            return
        row.from_at = row.from_at or at
        row.state = "paused" if row.state == "wanted" else row.state
        await self._told(row, "recordings.pause", "done")

    async def sounded(self, pause_id: str, result: CommandResult, sent_at: datetime) -> None:
        """What came of telling it to go on; until `sent_at` there was silence. What was not seen is told
        again: a second time changes nothing, and the first may have been enough."""
        row = await self._session.get(Pause, pause_id, populate_existing=True)
        if row is None or result.kind == "unsent":
            return
        if row.state == "over" and row.to_at is not None and result.kind != "refused":
            row.to_at = min(row.to_at, sent_at)  # it ended otherwise meanwhile
        if row.state != "resuming":
            return
        row.to_at = _end_of(row, sent_at)
        if result.kind == "unknown":
            return
        row.state = "over"
        await self._told(
            row, "recordings.resume", "done" if result.kind == "taken" else "failed", result.text
        )

    async def stopped(self, call_id: str, result: CommandResult, rev: int) -> None:
        """What came of telling it to stop; `rev`: the row's when it was told. Refused, unless for a right
        that is missing, means that nothing of this call is recorded. Where a recording began since then it is
        told again."""
        row = await self._session.get(CallBasis, call_id, populate_existing=True)
        if row is None or row.stop_state != "wanted" or result.kind in ("unknown", "unsent"):
            return
        if row.rev != rev:
            return
        is_denied = result.kind == "refused" and "permission" in result.text.lower()
        row.stop_state, row.stop_done_at, row.rev = "done", self._clock.now(), row.rev + 1
        if is_denied:
            row.stop_state, row.stop_done_at = "unseen", None
        await self._end_pauses(call_id)
        await self._session.flush()
        self._access.audit.add(
            "recordings.stop", "failed" if is_denied else "done", subject=call_id, actor=row.stop_by,
            details={"rule": row.stop_rule or "", "said": result.text},
        )  # fmt: skip
        self._uow.hint("recording", call_id, row.rev, shop_id=ShopId(row.shop_id))

    async def merged(self, call_id: str, into_id: str) -> None:
        """Its pauses are the surviving call's."""
        change = update(Pause).where(Pause.call_id == call_id).values(call_id=into_id)
        await self._session.execute(change, execution_options={"synchronize_session": False})

    # Inside

    async def _state(
        self, call: CallView, basis: BasisView, pauses: Sequence[PauseView]
    ) -> CallRecordingState:
        if basis.stop_state == "unseen" and call.is_live:
            return "not_known"
        if basis.stop_rule is not None:
            return "stopping" if basis.stop_state == "wanted" and call.is_live else "stopped"
        if not call.is_live:
            return "over"
        going = next((one.state for one in reversed(pauses) if one.is_open), None)
        if going is not None:
            return _GOING.get(going, "resuming")
        named = select(NamedFile.id).where(NamedFile.call_id == call.id).limit(1)
        return "recording" if (await self._session.scalars(named)).first() is not None else "not_known"

    async def _open(self, call_id: str) -> Pause | None:
        query = select(Pause).where(Pause.call_id == call_id, Pause.state.in_(_OPEN))
        return (await self._session.scalars(query.order_by(Pause.id.desc()).limit(1))).first()

    async def _not_held(self, row: Pause, said: str) -> None:
        """Nobody may believe in it: what records this call is stopped instead, and says so."""
        row.state = "failed"
        await self._told(row, "recordings.pause", "failed", said)
        basis = await self._session.get(CallBasis, row.call_id, populate_existing=True)
        if basis is None:
            basis = CallBasis(
                call_id=row.call_id, rev=1, shop_id=row.shop_id, notice="none", noted_name="",
                stop_erases=False, stop_reason="", stop_name="",
            )  # fmt: skip
            self._session.add(basis)
        if basis.stop_rule is None:
            await self._stop(basis, "pause_failed", erases=False, reason="", name=row.name, by=row.actor)

    async def _begin_anew(self, row: Pause, at: datetime) -> None:
        """Another recording of the call began within the pause: until it was silenced too there is sound."""
        row.state, row.to_at, row.ended_by = "over", row.broken_at, "restarted"
        again = Pause(
            id=new_id(self._clock), rev=1, call_id=row.call_id, shop_id=row.shop_id, state="paused",
            actor=row.actor, name=row.name, wanted_at=at, until_at=row.until_at, from_at=at, ended_by="",
            ended_name="",
        )  # fmt: skip
        self._session.add(again)
        await self._told(again, "recordings.pause", "done")

    async def _stop(
        self, row: CallBasis, rule: str, *, erases: bool, reason: str, name: str, by: str | None = None
    ) -> None:
        row.stop_rule, row.stop_erases, row.stop_reason = rule, erases, reason
        row.stop_state, row.stop_wanted_at, row.stop_name = "wanted", self._clock.now(), name
        row.stop_by, row.rev = by or self._uow.actor, row.rev + 1
        await self._session.flush()
        self._access.audit.add(
            "recordings.stop", "wanted", subject=row.call_id, actor=row.stop_by,
            details={"rule": rule, "erases": erases, "reason": reason},
        )  # fmt: skip
        self._uow.hint("recording", row.call_id, row.rev, shop_id=ShopId(row.shop_id))
        self._uow.after_commit(lambda: self._deps.wake("recordings"))

    async def _end_pauses(self, call_id: str) -> None:
        """With the recording its pauses are over."""
        query = select(Pause).where(Pause.call_id == call_id, Pause.state.in_(("paused", "resuming")))
        for row in (await self._session.scalars(query)).all():
            row.state, row.to_at, row.ended_by = "over", _end_of(row, self._clock.now()), "stopped"
            row.rev += 1

    async def _told(self, row: Pause, action: str, outcome: str, said: str = "") -> None:
        row.rev += 1
        await self._session.flush()
        details = {"pause": row.id, "said": said, "by": row.ended_by}
        self._access.audit.add(action, outcome, subject=row.call_id, actor=row.actor, details=details)
        self._uow.hint("recording", row.id, row.rev, shop_id=ShopId(row.shop_id))
        self._uow.after_commit(lambda: self._deps.wake("recordings"))

    def _ensure_live(self, call: CallView) -> None:
        if not call.is_live:
            raise Conflict("recordings.call_over", "The call is over.", "There is nothing left to pause.")

    def _ensure_line(self) -> None:
        if not line_is_up(self._deps):
            raise Unavailable(
                "recordings.no_pbx", "There is no line to the PBX now: nothing was paused.",
                "The recording may go on. Do not take a card number by telephone now.",
            )  # fmt: skip


def _end_of(row: Pause, at: datetime) -> datetime | None:
    """Until when there was silence for sure, if it ends no later than `at`."""
    return row.to_at or row.broken_at or at if row.from_at is not None else None


def line_is_up(deps: Deps) -> bool:
    """Whether the PBX can be told something now, by this process or another one."""
    telephony = deps.telephony
    return telephony is not None and isinstance(telephony, CallControl) and telephony.link().is_up


def _view(row: Pause) -> PauseView:
    return PauseView(
        id=row.id, rev=row.rev, call_id=row.call_id, state=row.state, name=row.name,
        wanted_at=row.wanted_at, until_at=row.until_at, from_at=row.from_at, to_at=row.to_at,
        ended_by=row.ended_by, ended_name=row.ended_name,
    )  # fmt: skip
