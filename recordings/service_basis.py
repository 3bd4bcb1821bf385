"""What a call is recorded on: the shop's policy, the notice, the consent; and what must not be kept. Never
commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import cast

from sqlalchemy import select

from hub.errors import Conflict, Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi, CallView
from hub.ports.telephony import RecordsCalls
from hub.values import ShopId
from recordings import erasing
from recordings.models import NamedFile, Recording
from recordings.models_basis import CallBasis
from recordings.models_privacy import ErasedRecording, Rule
from recordings.rules_basis import Policy, faults_of, policy_of, profile_of, why_not
from recordings.rules_names import last_part
from recordings.service_erasing import ErasingService
from recordings.views_basis import BasisView

_OPTION = "recordings.basis"
_WITHOUT_CALL = timedelta(hours=24)
"""So long a recording may look for its call where only a yes lets it stay."""


class BasisService:
    """For one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._access = AccessApi(uow, deps)
        self._erasing = ErasingService(uow, deps)

    # The policy

    async def policies(self) -> dict[ShopId, Policy]:
        """Of every shop that has said something."""
        stored = await self._access.shops.option(_OPTION)
        known = stored if isinstance(stored, Mapping) else {}
        return {ShopId(str(shop)): policy_of(value) for shop, value in known.items()}

    async def policy(self, shop_id: ShopId) -> Policy:
        """Of one shop."""
        return (await self.policies()).get(shop_id, Policy())

    async def save(self, shop_id: ShopId, policy: Policy) -> None:
        """Raises Invalid with the faults by field."""
        if faults := faults_of(policy):
            raise Invalid("recordings.policy", "Some fields need another look.", fields=faults)
        await self._uow.take_turn(f"option:{_OPTION}")
        known = {str(shop): asdict(one) for shop, one in (await self.policies()).items()}
        await self._access.shops.set_option(_OPTION, {**known, str(shop_id): asdict(policy)})

    def country(self, shop_id: ShopId) -> str:
        """Whose law it is."""
        return self._deps.places.of(shop_id).country

    async def tell_the_line(self) -> bool:
        """A PBX that records by our own order must know whether it has to wait for a yes. Whether it has."""
        line = self._deps.telephony
        if not isinstance(line, RecordsCalls):
            return False
        known = await self.policies()
        shops = [one.id for one in await self._access.list_shops()]
        profiles = [profile_of(known.get(one, Policy()), self.country(one)) for one in shops]
        line.record_only_agreed("opt_in" in profiles)
        return "opt_in" in profiles

    # What is known of calls

    async def of(self, call_ids: Collection[str]) -> dict[str, BasisView]:
        """Of those of the calls of which anything is known."""
        query = select(CallBasis).where(CallBasis.call_id.in_(sorted(set(call_ids))))
        return {row.call_id: view(row) for row in (await self._session.scalars(query)).all()}

    async def spoken(self, call: CallView, *, name: str, agreed: bool) -> BasisView:
        """Somebody of ours has told them; `agreed`: and they said yes. Raises Conflict."""
        row = await self.row_of(call)
        if agreed and row.consent == "refused":
            raise Conflict(
                "recordings.refused", "This caller did not agree to be recorded.",
                "A no cannot be made a yes here.",
            )  # fmt: skip
        if row.notice != "spoken" or (agreed and row.consent != "given"):
            row.notice = "spoken" if row.notice == "none" else row.notice
            row.consent = "given" if agreed else row.consent
            row.noted_at, row.noted_by, row.noted_name = self._clock.now(), self._uow.actor, name
            await self._changed(row)
            self._uow.after_commit(lambda: self._deps.wake("recordings"))
        return view(row)

    async def agreed(self) -> list[str]:
        """The calls that go on and whose other side has said yes, to one of ours or by a key."""
        live = [one.id for one in await CallsApi(self._uow, self._deps).live_calls()]
        said = (CallBasis.consent == "given", CallBasis.stop_rule.is_(None))
        query = select(CallBasis.call_id).where(CallBasis.call_id.in_(sorted(live)), *said)
        return list((await self._session.scalars(query)).all())

    async def row_of(self, call: CallView) -> CallBasis:
        """The call's row, made when there is none. Who asks takes the turn of the call."""
        await self._uow.take_turn(turn_of(call.id))
        row = await self._session.get(CallBasis, call.id, populate_existing=True)
        if row is None:
            row = CallBasis(
                call_id=call.id, rev=1, shop_id=call.shop_id, notice="none", noted_name="",
                stop_erases=False, stop_reason="", stop_name="",
            )  # fmt: skip
            self._session.add(row)
            await self._session.flush()
        return row

    async def _changed(self, row: CallBasis) -> None:
        row.rev += 1
        await self._session.flush()
        self._uow.hint("recording", row.call_id, row.rev, shop_id=ShopId(row.shop_id))

    # What must not be kept

    async def judge(self, call: CallView | None, name: str) -> tuple[erasing.Why | None, bool]:
        """Why a recording of this call, in a file of this name, must not be kept (None: it may); and whether
        that can still change while the call goes on."""
        if call is None:
            return None, False
        now = self._clock.now()
        if call.is_erased:  # its file was late
            return erasing.Why(rule="client", at=now), False
        row = await self._session.get(CallBasis, call.id, populate_existing=True)
        if row is not None and row.stop_erases and row.stop_rule is not None:
            why = erasing.Why(
                rule=cast("Rule", row.stop_rule), at=now, reason=row.stop_reason, actor=row.stop_by,
                name=row.stop_name,
            )  # fmt: skip
            return why, False
        rule = why_not(
            direction=call.direction, is_message=await self._is_message(call, name),
            notice=row.notice if row is not None else "none",
            consent=row.consent if row is not None else None,
            policy=await self.policy(call.shop_id), country=self.country(call.shop_id),
        )  # fmt: skip
        if rule is None:
            return None, False
        is_open = call.is_live and (row is None or row.consent != "refused")
        return erasing.Why(rule=rule, at=now), is_open

    async def enforce(self, recording_ids: Collection[str]) -> int:
        """Those that must not be kept go; what a legal hold keeps goes after it. How many went or wait."""
        gone = 0
        query = select(Recording).where(
            Recording.id.in_(sorted(set(recording_ids))), Recording.state != "erased"
        )
        calls = CallsApi(self._uow, self._deps).recordings
        for row in (await self._session.scalars(query)).all():
            found = await calls.find([row.call_id]) if row.call_id is not None else ()
            why, is_open = await self.judge(found[0] if found else None, row.source_name)
            if why is not None and not is_open:
                await self._erasing.drop([row.id], why)
                gone += 1
        return gone

    async def enforce_call(self, call_id: str) -> int:
        """The same for all of a call."""
        ids = (await self._session.scalars(select(Recording.id).where(Recording.call_id == call_id))).all()
        return await self.enforce(ids)

    async def drop_strays(self) -> int:
        """Recordings whose call is not found within a day, in shops where only a yes lets one stay."""
        before = self._clock.now() - _WITHOUT_CALL
        waits = select(ErasedRecording.recording_id).where(ErasedRecording.at.is_(None))
        query = select(Recording).where(
            Recording.call_id.is_(None), Recording.taken_at < before, Recording.state != "erased",
            Recording.id.not_in(waits),
        )  # fmt: skip
        rows = (await self._session.scalars(query.limit(200))).all()
        known = await self.policies()
        ids = [
            row.id for row in rows
            if profile_of(known.get(ShopId(row.shop_id), Policy()), self.country(ShopId(row.shop_id)))
            == "opt_in"
        ]  # fmt: skip
        if ids:
            await self._erasing.drop(ids, erasing.Why(rule="no_consent", at=self._clock.now()))
        return len(ids)

    async def merged(self, call_id: str, into_id: str) -> None:
        """What is known of a call holds for the one that it became a part of; a stop and a no win."""
        await self._uow.take_turn(turn_of(into_id))
        row = await self._session.get(CallBasis, call_id)
        if row is None or call_id == into_id:
            return
        into = await self._session.get(CallBasis, into_id)
        if into is None:
            into = CallBasis(
                call_id=into_id, rev=1, shop_id=row.shop_id, notice="none", noted_name="",
                stop_erases=False, stop_reason="", stop_name="",
            )  # fmt: skip
            self._session.add(into)
        for names in merging(into, row):
            for name in names:
                setattr(into, name, getattr(row, name))
        into.rev += 1
        await self._session.delete(row)
        await self._session.flush()

    async def _is_message(self, call: CallView, name: str) -> bool:
        """Spoken onto the machine: a file of its own, which no MixMonitor writes."""
        if call.result != "voicemail":
            return False
        told = select(NamedFile.id).where(NamedFile.name == last_part(name)).limit(1)
        return (await self._session.scalars(told)).first() is None


_NOTED = ("notice", "consent", "noted_at", "noted_by", "noted_name")
_STOPPED = (
    "stop_rule", "stop_erases", "stop_reason", "stop_state", "stop_wanted_at", "stop_done_at", "stop_by",
    "stop_name",
)  # fmt: skip


def merging(into: CallBasis, row: CallBasis) -> Sequence[tuple[str, ...]]:
    """Which groups of columns the surviving call takes over."""
    taken: list[tuple[str, ...]] = []
    knows_more = into.notice == "none" and into.consent is None
    if row.consent == "refused" or (knows_more and (row.notice != "none" or row.consent is not None)):
        taken.append(_NOTED)
    if row.stop_rule is not None and (into.stop_rule is None or (row.stop_erases and not into.stop_erases)):
        taken.append(_STOPPED)
    return taken


def turn_of(call_id: str) -> str:
    """Who writes what a call is recorded on, and who takes its files in, wait for each other."""
    return f"recordings.basis:{call_id}"


def view(row: CallBasis) -> BasisView:
    """A row as others see it."""
    return BasisView(
        call_id=row.call_id, rev=row.rev, notice=row.notice, consent=row.consent, noted_at=row.noted_at,
        noted_name=row.noted_name, stop_rule=row.stop_rule, stop_erases=row.stop_erases,
        stop_reason=row.stop_reason, stop_state=row.stop_state, stop_wanted_at=row.stop_wanted_at,
        stop_done_at=row.stop_done_at, stop_by=row.stop_by, stop_name=row.stop_name,
    )  # fmt: skip
