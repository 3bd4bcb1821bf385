"""Calls when clients become one, become two again, or are erased (hub.kernel.clients). Never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    not_,
    or_,
    select,
    update,
)

from hub.errors import Conflict
from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.models import ERASED_STEP, IS_LIVE, Call, CountedDay, Note
from hub.modules.calls.rules import bare_legs
from hub.modules.calls.service_links import LinkService
from hub.modules.crm.api import CrmApi

_MOST = 900
"""Ids in one statement."""
_LONGEST_TALK = timedelta(hours=6)
"""Who is on the line for longer is not: nobody saw the end, since the line to the PBX broke."""


async def move(uow: UnitOfWork, _deps: Deps, what: Move) -> Moved:
    """Calls of the one become the other's; those of a shared phone were nobody's, and are its too."""
    unsure = and_(
        Call.other_key.in_(sorted(what.shared)), Call.client_id.is_(None), Call.is_chosen.is_(False)
    )
    moved = {"calls": await _changed(uow, Call.client_id == what.from_id, what.into_id)}
    moved["unsure"] = await _changed(uow, unsure, what.into_id) if what.shared else []
    return moved


async def put_back(uow: UnitOfWork, deps: Deps, what: Move, moved: Moved) -> None:
    """As they were, unless somebody chose another client since."""
    still = Call.client_id == what.into_id
    for ids in _parts(moved.get("calls", [])):
        await _changed(uow, and_(Call.id.in_(ids), still), what.from_id)
    for ids in _parts(moved.get("unsure", [])):
        await _changed(uow, and_(Call.id.in_(ids), still, Call.is_chosen.is_(False)), None)
    for key, match in (await CrmApi(uow, deps).callers(what.shared)).items():
        await LinkService(uow).link_number(key, match)


async def _changed(uow: UnitOfWork, where: ColumnElement[bool], client_id: str | None) -> list[str]:
    query: Update = update(Call).where(where).values(client_id=client_id, rev=Call.rev + 1)
    result = await uow.session.execute(
        query.returning(Call.id), execution_options={"synchronize_session": False}
    )
    return list(result.scalars().all())


def erase(connection: Connection, who: Erasure) -> int:
    """What remains is that there was a call, when, how long, and who of ours talked: no number of the other
    side, no name, no note. Raises Conflict while one of them is on the line."""
    on_the_line = select(Call.id).where(_is_of(who), IS_LIVE, not_(_is_over(who)))
    if connection.execute(on_the_line.limit(1)).first() is not None:
        raise Conflict(
            "calls.still_talking", "This caller is on the line.",
            "Erase when the call is over; one whose end was not seen is waited for six hours.",
        )  # fmt: skip
    return _erase_calls(connection, who)


def _erase_calls(connection: Connection, who: Erasure) -> int:
    """What was over when the person was erased, also where a restored backup shows it going on."""
    found = connection.execute(select(Call.id, Call.direction, Call.legs).where(_reached_by(who))).all()
    for ids in _parts([row.id for row in found]):
        connection.execute(
            update(Call).where(Call.id.in_(ids), IS_LIVE)
            .values(state="ended", result="unknown", is_complete=False, parked_space=None)
        )  # fmt: skip
    for inbound in (True, False):
        ours = [row.id for row in found if (row.direction == "inbound") is inbound]
        theirs = {"from_number": None} if inbound else {"to_number": None, "dialled": None}
        for ids in _parts(ours):
            connection.execute(_recount(ids))
            connection.execute(
                update(Call).where(Call.id.in_(ids)).values(
                    other_number=None, other_key=None, caller_name=None, client_id=None,
                    vehicle_id=None, is_chosen=False, relation=None, candidate_count=0, rev=Call.rev + 1,
                    step=ERASED_STEP, **theirs,
                )
            )  # fmt: skip
            connection.execute(delete(Note).where(Note.call_id.in_(ids)))
    _bare_legs(connection, {row.id: row.legs for row in found if row.legs != "[]"})
    return len(found)


def _bare_legs(connection: Connection, legs: Mapping[str, str]) -> None:
    """By its channels' ids a file that comes late is known to be of this call, and goes."""
    rows = [{"v_id": call_id, "v_legs": bare_legs(kept)} for call_id, kept in legs.items()]
    if rows:
        change = update(Call).where(Call.id == bindparam("v_id")).values(legs=bindparam("v_legs"))
        connection.execute(change, rows)


def erased_calls(who: Erasure) -> Select[str]:
    """The ids of the calls that an erasure reaches; none any more, once it has been here."""
    return select(Call.id).where(_reached_by(who))


def _reached_by(who: Erasure) -> ColumnElement[bool]:
    return and_(_is_of(who), Call.started_at <= who.until)


def _is_over(who: Erasure) -> ColumnElement[bool]:
    return or_(Call.state == "ended", Call.started_at <= who.until - _LONGEST_TALK)


def _is_of(who: Erasure) -> ColumnElement[bool]:
    whose: list[ColumnElement[bool]] = [Call.client_id.in_(sorted(who.client_ids))]
    if who.numbers:
        nobodys = or_(Call.client_id.is_(None), Call.client_id.in_(sorted(who.client_ids)))
        whose.append(and_(Call.other_key.in_(sorted(who.numbers)), nobodys))
    return or_(*whose)


def _recount(ids: Collection[str]) -> Delete:
    """Whether their callers were new was not noted, and now they are withheld ones."""
    mine = (Call.id.in_(ids), Call.is_new.is_(None), Call.other_key.is_not(None))
    within = (Call.started_at >= CountedDay.begins_at, Call.started_at < CountedDay.ends_at)
    return delete(CountedDay).where(exists().where(*mine, *within))


def _parts(ids: Collection[str]) -> list[list[str]]:
    whole = list(ids)
    return [whole[begin : begin + _MOST] for begin in range(0, len(whole), _MOST)]


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    query = select(Call.other_key).where(Call.other_key.is_not(None)).distinct()
    if among is not None:
        query = query.where(Call.other_key.in_(sorted(among)))
    return [key for key in connection.execute(query).scalars() if key is not None]


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(replace(RECORDS, erase=_erase_calls), connection, burial)


RECORDS = ClientRecords(move=move, put_back=put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)
