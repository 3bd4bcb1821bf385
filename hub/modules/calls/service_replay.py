"""The history beside what the journal would now make of it; and the taking over. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from hub.events.calls import CallCorrected, CallMerged
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.erased import of_erased
from hub.modules.calls.models import ERASED_STEP, Call, Merged
from hub.modules.calls.rules_replay import Finding, Retelling, Told, differences, title
from hub.values import CallId

_AT_ONCE = 500
_SETTLED = timedelta(minutes=5)
"""A call that ended so long ago is over, even if the history has not heard of it."""

LIVES = "it still goes on"
NOT_WHOLE = "the journal is not whole here; what stands knows more"
NOT_SHOWN = "today's rules make no call of it, or the journal is not whole; it is left standing"
PART_OF_ANOTHER = "the history holds it as a part of another call"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a comparison found, in the order of the day."""

    compared: int
    same: int
    living: int
    findings: tuple[Finding, ...]

    def count(self, verdict: str) -> int:
        """How many calls came out so."""
        return sum(finding.verdict == verdict for finding in self.findings)


class ReplayService:
    """Compares a retelling with the history, and takes over what differs."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    @property
    def _country(self) -> str:
        return self._deps.places.of(self._uow.shop_id).country

    async def compare(self, told: Retelling, since: datetime, until: datetime) -> ReplayReport:
        """The calls that began in the period, by either of the two."""
        old = await self._history(since, until)
        mine = {key: one for key, one in told.calls.items() if since <= one.call.started_at < until}
        erased = await self._uow.read(partial(of_erased, [one.call for one in mine.values()], self._country))
        old |= await self._by_ids([key for key in mine if key not in old])
        absorbed = await self._absorbed([key for key in mine if key not in old])
        findings, same, living = [], 0, 0
        for call_id in dict.fromkeys([*old, *mine]):
            finding = self._judge(call_id, old.get(call_id), told, absorbed, erased)
            if finding is None:
                same += 1
            elif finding.obstacle == LIVES:
                living += 1
            else:
                findings.append(finding)
        findings.sort(key=lambda one: (one.started_at, one.call_id))
        return ReplayReport(
            compared=len(old) + sum(key not in old for key in mine), same=same, living=living,
            findings=tuple(findings),
        )  # fmt: skip

    async def take_over(self, run: str, day: str, findings: Iterable[Finding]) -> int:
        """Publish what differs as facts, which the usual handlers write: notes, a client that a person
        chose, and links stay. Every call is written into the audit log. How many were taken."""
        taken = 0
        audit = AccessApi(self._uow, self._deps).audit
        for finding in findings:
            if finding.obstacle:
                continue
            if finding.verdict == "merged":
                self._uow.publish(
                    CallMerged(
                        step=finding.old_step + 1,
                        call_id=CallId(finding.call_id),
                        into_call_id=CallId(finding.into_id),
                    ),
                    external_id=f"replay:{run}:{finding.call_id}",
                )
            elif finding.told is not None:
                self._uow.publish(
                    CallCorrected(step=max(finding.old_step + 1, finding.told.step), call=finding.told.call),
                    occurred_at=finding.told.call.ended_at,
                    external_id=f"replay:{run}:{finding.call_id}",
                )
            changed = {one.field: [one.old[:60], one.new[:60]] for one in finding.differences[:12]}
            audit.add(
                "calls.corrected",
                "done",
                subject=finding.call_id,
                details={
                    "by": f"replay {day}",
                    "verdict": finding.verdict,
                    **dict(list(changed.items())[:12]),
                },
            )
            taken += 1
        return taken

    def _judge(
        self, call_id: str, old: Row[Any] | None, told: Retelling, absorbed: Mapping[str, str],
        erased: Collection[str],
    ) -> Finding | None:  # fmt: skip
        new = told.calls.get(call_id)
        if (old is not None and old.step == ERASED_STEP) or call_id in erased:
            return None  # what the journal knows of its caller is nobody's business any more
        if old is None:
            assert new is not None
            return self._only_new(call_id, new, absorbed)
        if new is None:
            return self._only_old(call_id, old, told)
        if new.call.state != "ended" or (old.state != "ended" and not self._is_settled(new)):
            return _living(call_id, old.started_at)
        found = tuple(differences(old._asdict(), new.call))
        if not found:
            return None
        return Finding(
            verdict="differs", call_id=call_id, started_at=old.started_at, differences=found, told=new,
            title=title(old.direction, old.from_number, old.to_number), old_step=old.step,
            obstacle=NOT_WHOLE if old.is_complete and not new.call.is_complete else "",
        )  # fmt: skip

    def _only_new(self, call_id: str, new: Told, absorbed: Mapping[str, str]) -> Finding:
        call = new.call
        if call.state != "ended" or not self._is_settled(new):
            return _living(call_id, call.started_at)
        return Finding(
            verdict="only_new", call_id=call_id, started_at=call.started_at, told=new,
            title=title(call.direction, call.from_number, call.to_number),
            obstacle=PART_OF_ANOTHER if call_id in absorbed else "",
        )  # fmt: skip

    def _only_old(self, call_id: str, old: Row[Any], told: Retelling) -> Finding:
        if old.state != "ended":
            return _living(call_id, old.started_at)
        survivor = told.survivor(call_id)
        return Finding(
            verdict="only_old" if survivor is None else "merged", call_id=call_id,
            started_at=old.started_at, title=title(old.direction, old.from_number, old.to_number),
            old_step=old.step, into_id=survivor or "", obstacle=NOT_SHOWN if survivor is None else "",
        )  # fmt: skip

    def _is_settled(self, new: Told) -> bool:
        moment = new.call.ended_at or new.call.started_at
        return self._deps.clock.now() - moment >= _SETTLED

    async def _history(self, since: datetime, until: datetime) -> dict[str, Row[Any]]:
        query = select(*Call.__table__.c).where(Call.started_at >= since, Call.started_at < until)
        rows = await self._uow.session.execute(query.order_by(Call.started_at, Call.id))
        return {row.id: row for row in rows}

    async def _by_ids(self, ids: Sequence[str]) -> dict[str, Row[Any]]:
        found: dict[str, Row[Any]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            query = select(*Call.__table__.c).where(Call.id.in_(ids[start : start + _AT_ONCE]))
            found |= {row.id: row for row in await self._uow.session.execute(query)}
        return found

    async def _absorbed(self, ids: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(ids), _AT_ONCE):
            query = select(Merged.call_id, Merged.into_id).where(
                Merged.call_id.in_(ids[start : start + _AT_ONCE])
            )
            found |= {row.call_id: row.into_id for row in await self._uow.session.execute(query)}
        return found


def _living(call_id: str, started_at: datetime) -> Finding:
    return Finding(verdict="differs", call_id=call_id, started_at=started_at, title="", obstacle=LIVES)
