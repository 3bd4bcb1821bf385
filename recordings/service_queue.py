"""What is to be reviewed, by simple rules, and how people are scored over time. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, literal, select

from hub.errors import NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi, CallView
from hub.values import ShopId
from recordings.models import Recording
from recordings.models_review import Pick, Review
from recordings.rules_months import months_between
from recordings.rules_review import REASONS, PickRules, Told, reasons
from recordings.views_library import PersonScore, PickState, PickView

_DAY = 86_400.0
_LATELY = 20
_FOUNDING = timedelta(days=7)
"""Who was put in while the shop was set up is nobody new: how long they are with it is not known."""


class QueueService:
    """Picks recordings, and lets them go."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._places = deps.places
        self._calls = CallsApi(uow, deps)
        self._access = AccessApi(uow, deps)
        settings = deps.settings.recordings
        self._rules = PickRules(
            hold_seconds=settings.review_hold_seconds, new_days=settings.review_new_days,
            random_percent=settings.review_random_percent,
        )  # fmt: skip

    async def consider(self, recording_ids: Sequence[str]) -> None:
        """Look at these by the rules; what was settled already stays settled."""
        query = select(Recording).where(Recording.id.in_(recording_ids), Recording.state == "ready")
        rows = (await self._session.scalars(query)).all()
        calls = await self._calls.calls_by_ids({row.call_id for row in rows if row.call_id is not None})
        for row in rows:
            call = calls.get(row.call_id or "")
            if call is None or call.direction == "internal":
                continue
            await self._pick(row, reasons(await self._told(row.id, call), self._rules))

    async def promise_missed(self, client_id: str | None, number: str | None) -> None:
        """Nobody called them back in time: the last talk with them is looked at."""
        last = await self._calls.last_calls(client_id=client_id, number=number, limit=_LATELY)
        order = {call.id: place for place, call in enumerate(last)}
        query = select(Recording).where(Recording.call_id.in_(order), Recording.state == "ready")
        rows = (await self._session.scalars(query)).all()
        if rows:
            await self._pick(min(rows, key=lambda row: order[row.call_id or ""]), ("missed_promise",))

    async def _pick(self, row: Recording, why: tuple[str, ...]) -> None:
        known = await self._session.get(Pick, row.id)
        if known is None and why:
            self._session.add(
                Pick(
                    recording_id=row.id, shop_id=row.shop_id, started_at=row.started_at, reasons=list(why),
                    state="open", closed_by=None,
                )
            )  # fmt: skip
        elif known is not None and known.state == "open":
            kept = {*known.reasons, *why}
            known.reasons = [reason for reason in REASONS if reason in kept]
        await self._session.flush()

    async def _told(self, recording_id: str, call: CallView) -> Told:
        people = await self._access.people_by_extension()
        talked = [party.who for party in call.parties if party.outcome == "answered"]
        begun = await self._access.people.since([people[who].id for who in talked if who in people])
        first = await self._access.people.first_at()
        came = [since for since in begun.values() if first is not None and since > first + _FOUNDING]
        days = [(call.started_at - since).total_seconds() / _DAY for since in came]
        moved = [one for one in call.transfers if one.kind != "park"]
        return Told(
            recording_id=recording_id, hold_seconds=call.hold_seconds, transfers=len(moved),
            employee_days=min(days) if days else None,
        )  # fmt: skip

    async def waiting(
        self, shops: frozenset[ShopId] | None, *, cursor: str | None = None, limit: int = 50
    ) -> tuple[tuple[PickView, ...], str | None]:
        """What waits, the newest first, and where to go on."""
        query = select(Pick).where(Pick.state == "open").order_by(Pick.recording_id.desc()).limit(limit + 1)
        if shops is not None:
            query = query.where(Pick.shop_id.in_(sorted(shops)))
        if cursor is not None:
            query = query.where(Pick.recording_id < cursor.replace("\x00", ""))
        rows = (await self._session.scalars(query)).all()
        items = tuple(_view(row) for row in rows[:limit])
        return items, items[-1].recording_id if len(rows) > limit else None

    async def of(self, recording_id: str) -> PickView | None:
        """Whether and why it was picked."""
        row = await self._session.get(Pick, recording_id)
        return _view(row) if row is not None else None

    async def skip(self, recording_id: str, shops: frozenset[ShopId] | None) -> None:
        """Nobody need review it. Raises NotFound."""
        row = await self._session.get(Pick, recording_id) if "\x00" not in recording_id else None
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("recordings.not_picked", "This recording does not wait for a review.")
        if row.state == "open":
            row.state, row.closed_by = "skipped", self._uow.actor

    async def scores(
        self, shops: frozenset[ShopId] | None, since: datetime, until: datetime
    ) -> tuple[PersonScore, ...]:
        """Of finished reviews, by person and month of the shop's own clock, the first month first."""
        where = [
            Review.state == "done", Review.person_id.is_not(None), Review.percent.is_not(None),
            Review.finished_at >= since, Review.finished_at < until,
        ]  # fmt: skip
        if shops is not None:
            where.append(Review.shop_id.in_(sorted(shops)))
        theirs = (await self._session.scalars(select(Review.shop_id).where(*where).distinct())).all()
        if not theirs:
            return ()
        month = self._month(theirs, since, until).label("month")
        failed = func.sum(cast(case((Review.is_failed, 1), else_=0), Integer))
        query = (
            select(
                Review.person_id, func.max(Review.person_name), month, func.count(),
                func.avg(Review.percent), failed,
            )
            .where(*where)
            .group_by(Review.person_id, "month")
            .order_by("month", Review.person_id)
        )  # fmt: skip
        return tuple(
            PersonScore(
                person_id=str(row[0]), person_name=row[1], month=row[2], reviews=row[3],
                percent=round(float(row[4])), failed=int(row[5] or 0),
            )
            for row in await self._session.execute(query)
        )  # fmt: skip

    def _month(self, shops: Sequence[str], since: datetime, until: datetime) -> ColumnElement[str]:
        """In which month a review was finished, where its shop stands."""
        zones: dict[ZoneInfo, list[str]] = {}
        for shop in shops:
            zones.setdefault(self._places.of(ShopId(shop)).zone, []).append(shop)
        named = [
            (and_(Review.shop_id.in_(sorted(there)), Review.finished_at < end), literal(name))
            for zone, there in zones.items()
            for name, end in months_between(since, until, zone)
        ]
        return case(*named)


def _view(row: Pick) -> PickView:
    state: PickState = "open" if row.state == "open" else "done" if row.state == "done" else "skipped"
    return PickView(
        recording_id=row.recording_id, shop_id=ShopId(row.shop_id), started_at=row.started_at,
        reasons=tuple(row.reasons), state=state,
    )  # fmt: skip
