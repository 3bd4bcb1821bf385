"""What one person's desk shows, and what the person puts away. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from hub.errors import NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.web import Viewer
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallFilter, CallsApi, CallView
from hub.modules.desk.models import DismissedCall
from hub.modules.desk.rules import DeskState, Dismissal, FollowedCall, Pop, Stage, desk_state
from hub.modules.desk.service_callers import CallerService
from hub.modules.desk.views import DeskPage, OpenCard, PopRow, Row, Sight
from hub.values import CallId, ShopId

_WRAP_UP_REACHES_BACK = timedelta(hours=6)
_MINE_ENDED = 8
_TODAY = 14
_MOST_KEPT = 4
_DISMISSALS_LIVE = timedelta(days=2)


class DeskService:
    """The desk of one person, asked anew for every look."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._zone = deps.places.of(uow.shop_id).zone
        self._access = AccessApi(uow, deps)
        self._calls = CallsApi(uow, deps)
        self._callers = CallerService(uow, deps)

    async def state(self, viewer: Viewer, kept: Collection[str] = ()) -> DeskState:
        """The pops alone."""
        return (await self._state(viewer, await self._kept(kept)))[0]

    async def pops(self, viewer: Viewer) -> tuple[PopRow, ...]:
        """The pops that go on, one line each, for the pages that are not the desk."""
        state, calls = await self._state(viewer, {})
        going_on = [pop for pop in state.pops if pop.stage != "after"]
        rows = await self._callers.rows([calls[pop.call_id] for pop in going_on], phones_of(viewer))
        return tuple(PopRow(pop=pop, row=rows[pop.call_id]) for pop in going_on)

    async def page(self, viewer: Viewer, chosen: str | None, kept: Collection[str], sight: Sight) -> DeskPage:
        """Everything: pops, the open card, and the board and today's calls as far as they are looked at."""
        now, names = self._clock.now(), await self._shops(viewer)
        sight = sight if sight.shop in names else replace(sight, shop=None)
        shops = frozenset({sight.shop}) if sight.shop is not None else shops_of(viewer)
        held = await self._kept(kept)
        became = {asked: call.id for asked, call in held.items() if asked != call.id}
        state, calls = await self._state(viewer, held)
        chosen = became.get(chosen or "", chosen)
        phones = phones_of(viewer)
        live = [
            call for call in calls.values()
            if call.is_live and (shops is None or call.shop_id in shops)
            and (not sight.mine or _concerns(call, phones))
        ]  # fmt: skip
        today = CallFilter(shops=shops, since=self._day_began(now), person=phones if sight.mine else None)
        ended = await self._calls.history(replace(today, state="ended"), limit=_TODAY)
        card = state.opened(chosen)
        beside = _beside(calls[card.call_id], calls.values(), shops_of(viewer)) if card is not None else None
        popped = [calls[pop.call_id] for pop in state.pops]
        about = [beside] if beside is not None else []
        rows = await self._callers.rows([*popped, *live, *ended.items, *about], phones, names)
        return DeskPage(
            state=state,
            phones=phones,
            card=await self._card(card, rows, phones, rows[beside.id] if beside is not None else None),
            others=tuple(PopRow(pop=p, row=rows[p.call_id]) for p in state.pops if p != card),
            board=tuple(sorted((rows[c.id] for c in live), key=_board_order)),
            today=tuple(rows[call.id] for call in ended.items),
            totals=await self._calls.totals(today),
            shops=names,
            sight=sight,
            now=now,
            became=became,
        )

    async def dismiss(self, viewer: Viewer, call_id: str, stage: Stage, transfers: int) -> None:
        """Put a card away, on all tabs and devices of the person. Twice is once. Raises NotFound."""
        call = await self.mine(viewer, call_id)
        key = {"person_id": viewer.id, "call_id": call.id}
        row = await self._uow.session.get(DismissedCall, key)
        if row is None:
            row = DismissedCall(**key)
            self._uow.session.add(row)
        row.stage, row.transfers, row.dismissed_at = stage, transfers, self._clock.now()
        await self._uow.session.flush()
        self._uow.hint("desk", viewer.id, call.rev)

    async def mine(self, viewer: Viewer, call_id: str) -> CallView:
        """A call that the viewer may work on: of their shops, or one that they take part in."""
        call = await self._calls.call(call_id)
        shops = shops_of(viewer)
        if shops is None or call.shop_id in shops or _concerns(call, phones_of(viewer)):
            return call
        raise NotFound("calls.unknown", "There is no such call.")

    async def forget_dismissals(self) -> None:
        """Those of calls that are long over."""
        before = self._clock.now() - _DISMISSALS_LIVE
        await self._uow.session.execute(delete(DismissedCall).where(DismissedCall.dismissed_at < before))

    async def _shops(self, viewer: Viewer) -> Mapping[ShopId, str]:
        """The shops to choose from; none where there is nothing to choose."""
        mine = shops_of(viewer)
        if mine is not None and len(mine) < 2:
            return {}
        names = await self._access.shop_names()
        found = {shop: name for shop, name in names.items() if mine is None or shop in mine}
        return found if len(found) > 1 else {}

    async def _kept(self, asked: Collection[str]) -> dict[str, CallView]:
        """The calls that a tab holds unsaved notes for; of a merged one the call that it is a part of."""
        found = [(call_id, await self._known(call_id)) for call_id in sorted(asked)[:_MOST_KEPT]]
        return {call_id: call for call_id, call in found if call is not None}

    async def _state(
        self, viewer: Viewer, held: Mapping[str, CallView]
    ) -> tuple[DeskState, dict[CallId, CallView]]:
        now, phones = self._clock.now(), phones_of(viewer)
        found = list(await self._calls.live_calls())
        if phones:
            found += await self._mine_ended(phones, now)
            found += held.values()
        kept = {call.id for call in held.values()}
        calls = {CallId(call.id): call for call in found}
        followed = [_followed(call, now) for call in calls.values()]
        dismissals = await self._dismissals(viewer, list(calls)) if phones else {}
        return desk_state(followed, phones, dismissals, now, kept), calls

    async def _mine_ended(self, phones: tuple[str, ...], now: datetime) -> Sequence[CallView]:
        where = CallFilter(person=phones, state="ended", since=now - _WRAP_UP_REACHES_BACK)
        return (await self._calls.history(where, limit=_MINE_ENDED)).items

    async def _known(self, call_id: str) -> CallView | None:
        try:
            return await self._calls.call(call_id)
        except NotFound:
            return None

    async def _dismissals(self, viewer: Viewer, calls: Sequence[str]) -> dict[CallId, Dismissal]:
        query = select(DismissedCall).where(
            DismissedCall.person_id == viewer.id, DismissedCall.call_id.in_(calls)
        )
        rows = await self._uow.session.scalars(query)
        return {CallId(row.call_id): Dismissal(row.stage, row.transfers) for row in rows}

    async def _card(
        self, pop: Pop | None, rows: dict[str, Row], phones: Collection[str], about: Row | None
    ) -> OpenCard | None:
        if pop is None:
            return None
        notes = await self._calls.notes([pop.call_id])
        row = rows[pop.call_id]
        handed_by = _handed_by(row.call, phones) if pop.stage != "after" else ""
        return OpenCard(pop=pop, row=row, notes=notes.get(pop.call_id, ()), handed_by=handed_by, about=about)

    def _day_began(self, now: datetime) -> datetime:
        return now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)


def shops_of(viewer: Viewer) -> frozenset[ShopId] | None:
    """The shops whose calls the viewer may see; None = all."""
    return None if viewer.rights.get("desk.use") == "all" else viewer.shop_ids


def phones_of(viewer: Viewer) -> tuple[str, ...]:
    """Every phone that rings for the viewer."""
    return (*viewer.extensions, viewer.mobile) if viewer.mobile else viewer.extensions


def _concerns(call: CallView, phones: Collection[str]) -> bool:
    return any(party.who in phones for party in call.parties)


def _beside(call: CallView, others: Iterable[CallView], shops: Collection[ShopId] | None) -> CallView | None:
    """Whom a colleague who calls has on hold: a consultation is about him. Also one that he talks with, for
    not every phone tells that it holds; the latest where there are several."""
    if call.direction != "internal" or not call.is_live or call.from_number is None:
        return None
    found = [
        other for other in others
        if other.id != call.id and other.direction != "internal" and other.state in ("on_hold", "talking")
        and (shops is None or other.shop_id in shops)
        and any(party.who == call.from_number and party.left_at is None for party in other.parties)
    ]  # fmt: skip
    return max(found, key=lambda one: (one.state == "on_hold", one.started_at), default=None)


def _handed_by(call: CallView, phones: Collection[str]) -> str:
    """The colleague that the last transfer came from."""
    giver = call.transfers[-1].from_extension if call.transfers else None
    if giver is None or giver in phones:
        return ""
    return next((party.name for party in call.parties if party.who == giver and party.name), giver)


def _followed(call: CallView, now: datetime) -> FollowedCall:
    return FollowedCall(
        call_id=CallId(call.id),
        direction=call.direction,
        state=call.state,
        from_number=call.from_number,
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        # An exchange whose clock runs ahead must not take the card away before its time.
        changed_at=min(call.ended_at or now, now),
        last_extension=call.last_extension,
        parties=call.parties,
        transfers=call.transfers,
    )


def _board_order(row: Row) -> tuple[bool, datetime]:
    """Those who wait for us stand first, the longest wait on top."""
    return row.call.state not in ("ringing", "queued", "parked"), row.call.started_at
