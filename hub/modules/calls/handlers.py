"""What calls does when something happens. `on_call_facts` is the hot path: a batch, one transaction,
Core statements, and harmless when it runs twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.events.calls import CallCorrected, CallFact, CallMerged, PbxGapDeclared, PbxLinkLost, PbxLinkRestored
from hub.events.crm import CallerErased, ClientErased, ClientNumberReleased, ClientPhoneAdded
from hub.events.lines import TrunksUsed
from hub.events.recordings import RecordingLinked, RecordingStored
from hub.kernel.context import BatchContext, Delivered, HandlerContext
from hub.kernel.storage.prepared import Prepared
from hub.modules.access.api import shop_is_open
from hub.modules.calls import statements as sql
from hub.modules.calls.rules import columns, line_keys, other_key, our_key, people, phones_in, rings_nowhere
from hub.modules.calls.rules_statistics import NEVER_COUNTED
from hub.modules.calls.service_gaps import GapService
from hub.modules.calls.service_links import LinkService
from hub.modules.calls.service_recordings import SoundService, move_recordings
from hub.modules.calls.service_trunks import TrunkKeeper
from hub.modules.crm.api import NOBODY, CallerMatch, CrmApi, match_callers
from hub.values import ShopId

Facts = Mapping[str, Delivered[CallFact]]


def on_call_facts(
    ctx: BatchContext, batch: Sequence[Delivered[CallFact | CallMerged | PbxLinkRestored]]
) -> None:
    """Write each call as its newest fact shows it; say so after the commit. A picture of the PBX
    stands among the facts as a border: what it does not show was told before it, and is over."""
    facts: list[Delivered[CallFact | CallMerged]] = []
    for delivered in batch:
        event = delivered.event
        if isinstance(event, PbxLinkRestored):
            _take(ctx, facts)
            facts = []
            _close_ghosts(ctx, event)
        else:
            facts.append(Delivered(delivered.envelope, event))
    _take(ctx, facts)


def _take(ctx: BatchContext, facts: Sequence[Delivered[CallFact | CallMerged]]) -> None:
    newest: dict[str, Delivered[CallFact]] = {}
    merged: list[CallMerged] = []
    for delivered in facts:
        event = delivered.event
        if isinstance(event, CallMerged):
            merged.append(event)
            continue
        known = newest.get(event.call.call_id)
        if known is None or known.event.step < event.step:
            newest[event.call.call_id] = Delivered(delivered.envelope, event)
    for event in merged:
        newest.pop(event.call_id, None)
    if newest:
        _write(ctx, newest)
    for event in merged:
        _merge(ctx, event)


def _close_ghosts(ctx: BatchContext, event: PbxLinkRestored) -> None:
    """Calls that a hub which was killed had left open, and that the PBX no longer knows."""
    if event.living is None:
        return
    for row in ctx.connection.execute(sql.CLOSE_GHOSTS, {"living": list(event.living)}).all():
        ctx.hint("call", row.id, row.rev, ShopId(row.shop_id), phones_in(row.parties))


def _write(ctx: BatchContext, newest: dict[str, Delivered[CallFact]]) -> None:
    connection = ctx.connection
    present = {row.id: row for row in sql.PRESENT.all(connection, newest)}
    unseen = [call_id for call_id in newest if call_id not in present]
    for gone in sql.GONE.all(connection, unseen):
        del newest[gone.call_id]
    for row in present.values():
        if newest[row.id].event.step <= row.step:
            del newest[row.id]
    if not newest:
        return
    rows = _rows(ctx, newest, present)
    for statement, mine in _statements(rows, present).items():
        statement.run(connection, mine)
    for call_id, delivered in newest.items():
        if isinstance(delivered.event, CallCorrected):
            connection.execute(sql.DROP_PEOPLE, {"v_id": call_id})  # who was in it may have changed
    _recount(ctx, newest)
    phones = {call_id: people(delivered.event.call) for call_id, delivered in newest.items()}
    everybody = [
        {"call_id": call_id, "who": who, "started_at": delivered.event.call.started_at}
        for call_id, delivered in newest.items()
        for who in phones[call_id]
    ]
    if everybody:
        sql.PUT_PEOPLE.run(connection, everybody)
    for written in rows:
        call_id = written["v_id"]
        may_wait = rings_nowhere(newest[call_id].event.call)
        ctx.hint("call", call_id, written["v_rev"], written["v_shop_id"], phones[call_id], may_wait=may_wait)


def _recount(ctx: BatchContext, newest: Facts) -> None:
    """Days whose calls are added up already are added up again."""
    recent = ctx.deps.clock.now() - NEVER_COUNTED
    begun = {d.event.call.started_at for d in newest.values() if d.event.call.started_at < recent}
    if begun:
        sql.RECOUNT.run(ctx.connection, [{"v_at": at} for at in sorted(begun)])


def _statements(
    rows: Sequence[dict[str, Any]], present: Mapping[str, Any]
) -> dict[Prepared, list[dict[str, Any]]]:
    """Which statement writes which rows."""
    chosen: dict[Prepared, list[dict[str, Any]]] = {}
    for row in rows:
        old = present.get(row["v_id"])
        if old is None:
            statement = sql.INSERT
        elif all(getattr(old, name) == row[f"v_{name}"] for name in sql.INDEXED):
            statement = sql.UPDATE
        else:
            statement = sql.UPDATE_WHOLE
        chosen.setdefault(statement, []).append(row)
    return chosen


def _rows(ctx: BatchContext, newest: Facts, present: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows to write: what the fact says, and what we know of its number, line and hour."""
    country = ctx.deps.settings.shop.country
    places = _places(ctx, newest, present)
    keys = {
        call_id: other_key(d.event.call, ctx.deps.places.of(places[call_id][1]).country)
        for call_id, d in newest.items()
    }
    unmatched = {
        key
        for call_id, key in keys.items()
        if key is not None and (call_id not in present or present[call_id].other_key != key)
    }
    matches = match_callers(ctx.connection, unmatched, country) if unmatched else {}
    new = _new_numbers(ctx, newest, present, keys, matches)
    rows = []
    for call_id, delivered in newest.items():
        old = present.get(call_id)
        line, shop_id, in_hours = places[call_id]
        row = {
            **columns(delivered.event.call),
            **_whose(old, keys[call_id], matches),
            "id": call_id, "rev": old.rev + 1 if old is not None else 1, "step": delivered.event.step,
            "shop_id": shop_id, "line": line, "in_hours": in_hours,
            "our_key": our_key(delivered.event.call, line, country), "is_new": new.get(call_id),
        }  # fmt: skip
        rows.append({f"v_{name}": value for name, value in row.items()})
    return rows


def _new_numbers(
    ctx: BatchContext,
    newest: Facts,
    present: Mapping[str, Any],
    keys: Mapping[str, str | None],
    matches: Mapping[str, CallerMatch],
) -> dict[str, bool]:
    """Of each call that we see for the first time, whether its number is in no record and in no call."""
    new: dict[str, bool] = {}
    seen: set[str] = set()
    for call_id in sorted(newest, key=lambda one: newest[one].event.call.started_at):
        key = keys[call_id]
        if call_id in present or key is None:
            continue
        is_known = key in seen or bool(matches.get(key, NOBODY).candidates)
        new[call_id] = not is_known and not sql.KNOWN_NUMBER.all(ctx.connection, {"v_key": key})
        seen.add(key)
    return new


def _whose(old: Any, key: str | None, matches: Mapping[str, CallerMatch]) -> dict[str, Any]:
    """Whose call it is: kept while the number stays, and always when a person has said so."""
    if old is not None and (old.is_chosen or old.other_key == key):
        known = (old.client_id, old.relation, old.candidate_count)
    else:
        match = matches.get(key or "", NOBODY)
        known = (match.client_id, match.relation, len(match.candidates))
    return {"other_key": key, "client_id": known[0], "relation": known[1], "candidate_count": known[2]}


def _places(
    ctx: BatchContext, newest: Facts, present: Mapping[str, Any]
) -> dict[str, tuple[str | None, ShopId, bool]]:
    """Line, shop and whether it was open, of each call; looked up only when they may have changed."""
    places: dict[str, tuple[str | None, ShopId, bool]] = {}
    asked: dict[str, tuple[str, ...]] = {}
    is_open: dict[tuple[ShopId, datetime], bool] = {}
    country = ctx.deps.settings.shop.country
    for call_id, delivered in newest.items():
        call, old = delivered.event.call, present.get(call_id)
        said = (call.to_number, call.dialled, call.started_at)
        if old is not None and (old.to_number, old.dialled, old.started_at) == said:
            places[call_id] = (old.line, ShopId(old.shop_id), old.in_hours)
        else:
            asked[call_id] = line_keys(call, country)
    ours = _lines(ctx, {number for numbers in asked.values() for number in numbers})
    for call_id, numbers in asked.items():
        delivered = newest[call_id]
        line = next((number for number in numbers if number in ours), numbers[0] if numbers else None)
        shop_id = ours.get(line or "", delivered.envelope.shop_id)
        moment = (shop_id, delivered.event.call.started_at.replace(second=0, microsecond=0))
        if moment not in is_open:
            is_open[moment] = shop_is_open(ctx.connection, *moment)
        places[call_id] = (line, shop_id, is_open[moment])
    return places


def _lines(ctx: BatchContext, numbers: Collection[str]) -> dict[str, ShopId]:
    return {row.number: ShopId(row.shop_id) for row in sql.LINES.all(ctx.connection, sorted(numbers))}


def _merge(ctx: BatchContext, event: CallMerged) -> None:
    """The absorbed call leaves the lists; its notes and what a person said of it move on."""
    connection = ctx.connection
    both = {"v_id": event.call_id, "v_into": event.into_call_id}
    if event.call_id == event.into_call_id or sql.GONE.all(connection, [event.call_id]):
        return
    for one in (event.call_id, event.into_call_id):
        connection.execute(sql.RECOUNT_MERGED, {"v_id": one})
    chosen = connection.execute(sql.CHOSEN, {"v_id": event.call_id}).first()
    if chosen is not None:
        choice = {"v_client": chosen.client_id, "v_vehicle": chosen.vehicle_id}
        connection.execute(sql.CHOOSE, {"v_id": event.into_call_id, **choice})
    for statement in (sql.MOVE_NOTES, sql.FORWARD_MERGED, sql.PUT_MERGED):
        connection.execute(statement, both)
    move_recordings(connection, event.call_id, event.into_call_id)
    gone = connection.execute(sql.TOUCH, {"v_id": event.call_id}).first()
    for drop in (sql.DROP_PEOPLE, sql.DROP_CALL):
        connection.execute(drop, {"v_id": event.call_id})
    kept = connection.execute(sql.TOUCH, {"v_id": event.into_call_id}).first()
    for call_id, row in ((event.call_id, gone), (event.into_call_id, kept)):
        if row is not None:
            ctx.hint("call", call_id, row.rev, ShopId(row.shop_id), phones_in(row.parties))


async def on_client_phone_added(event: ClientPhoneAdded, ctx: HandlerContext) -> None:
    """Past calls from the number find their client; calls that go on learn of new candidates."""
    match = await ctx.apis.of(CrmApi).caller(event.number)
    await LinkService(ctx.uow).link_number(event.number, match)


async def on_client_number_released(event: ClientNumberReleased, ctx: HandlerContext) -> None:
    """Calls that were taken for theirs by the number alone are whose it is now."""
    match = await ctx.apis.of(CrmApi).caller(event.number)
    await LinkService(ctx.uow).link_number(event.number, match, was=event.client_id)


async def on_client_erased(_event: ClientErased, ctx: HandlerContext) -> None:
    """Open pages show their calls as nobody's."""
    await LinkService(ctx.uow).tell_of_erased(ctx.envelope.occurred_at)


async def on_caller_erased(_event: CallerErased, ctx: HandlerContext) -> None:
    """The same of a caller who was no client."""
    await LinkService(ctx.uow).tell_of_erased(ctx.envelope.occurred_at)


def on_line_use(ctx: BatchContext, batch: Sequence[Delivered[TrunksUsed | PbxLinkLost]]) -> None:
    """Outside lines become full, or free again. The loss of the line to the PBX stands in the same order."""
    trunks = TrunkKeeper(ctx)
    for delivered in batch:
        event, envelope = delivered.event, delivered.envelope
        if isinstance(event, TrunksUsed):
            trunks.used(event, envelope)
        else:
            trunks.link_lost(envelope)


async def on_pbx_link_lost(event: PbxLinkLost, ctx: HandlerContext) -> None:
    """From here on calls may be missing."""
    await GapService(ctx.uow, ctx.clock).lost(event.pbx, ctx.envelope.occurred_at, event.reason)


async def on_pbx_link_restored(event: PbxLinkRestored, ctx: HandlerContext) -> None:
    """Until here calls may be missing."""
    await GapService(ctx.uow, ctx.clock).restored(event.pbx, ctx.envelope.occurred_at, event.lost_at)


async def on_pbx_gap_declared(event: PbxGapDeclared, ctx: HandlerContext) -> None:
    """Messages were dropped at one moment."""
    await GapService(ctx.uow, ctx.clock).dropped(event.pbx, ctx.envelope.occurred_at, event.dropped)


async def on_recording_stored(event: RecordingStored, ctx: HandlerContext) -> None:
    """The call can be listened to."""
    if event.call_id is not None:
        await SoundService(ctx.uow).put(event.call_id, event.recording_id, event.offset_seconds or 0.0)


async def on_recording_linked(event: RecordingLinked, ctx: HandlerContext) -> None:
    """The recording is this call's and no other's."""
    calls = SoundService(ctx.uow)
    if event.was_call_id is not None and event.was_call_id != event.call_id:
        await calls.take_away(event.was_call_id, event.recording_id)
    if event.call_id is not None:
        await calls.put(event.call_id, event.recording_id, event.offset_seconds or 0.0)
