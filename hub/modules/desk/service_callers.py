"""Who is on the other side of some calls, for the card, the board and the lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi, PersonView
from hub.modules.calls.api import CallsApi, CallView, LineView
from hub.modules.crm.api import NOBODY, CallerMatch, ClientView, CrmApi, VehicleView, number_kind
from hub.modules.desk.views import Caller, Row
from hub.values import PhoneNumber, ShopId

_ONE_SHOP: Mapping[ShopId, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was read for a whole list at once."""

    clients: Mapping[str, ClientView]
    cars: Mapping[str, Sequence[VehicleView]]
    matches: Mapping[str, CallerMatch]
    people: Mapping[str, PersonView]
    lines: Mapping[str, LineView]
    shops: Mapping[ShopId, str]


class CallerService:
    """Puts names to calls: a few statements for a list of any length."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._country = deps.places.of(uow.shop_id).country
        self._calls = CallsApi(uow, deps)
        self._crm = CrmApi(uow, deps)
        self._access = AccessApi(uow, deps)

    async def rows(
        self, calls: Sequence[CallView], phones: Collection[str], shops: Mapping[ShopId, str] = _ONE_SHOP
    ) -> dict[str, Row]:
        """A row per call, as the person with these phones sees it; `shops` names those to be told apart."""
        known = await self._read(calls, shops)
        return {call.id: self._row(call, phones, known) for call in calls}

    async def _read(self, calls: Sequence[CallView], shops: Mapping[ShopId, str]) -> _Known:
        unsure = {call.other_number for call in calls if call.client_id is None and call.candidate_count}
        unsure |= {c.other_number for c in calls if c.is_live and c.client_id is None}
        matches = {number: await self._crm.caller(number) for number in unsure if number is not None}
        ids = {call.client_id for call in calls if call.client_id}
        ids |= {c.client_id for match in matches.values() for c in match.candidates}
        return _Known(
            clients=await self._crm.clients_by_ids(ids),
            cars=await self._crm.vehicles_of(ids),
            matches=matches,
            people=await self._access.people_by_extension(),
            lines=await self._calls.lines_by_number({call.line for call in calls}),
            shops=shops,
        )

    def _row(self, call: CallView, phones: Collection[str], known: _Known) -> Row:
        line = known.lines.get(call.line or "")
        return Row(
            call=call,
            caller=self._caller(call, phones, known),
            line_name=line.name if line else number_text(call.line, self._country),
            people=_people(call),
            since=_since(call),
            is_mine=any(party.who in phones for party in call.parties),
            shop_name=known.shops.get(call.shop_id, ""),
        )

    def _caller(self, call: CallView, phones: Collection[str], known: _Known) -> Caller:
        if call.direction == "internal":
            return _colleague(call, phones, known.people)
        number = call.other_number
        kind = number_kind(number, self._country)
        shown = number_text(number, self._country) or None
        person = known.people.get(number or "")
        if person is not None:
            return Caller(kind="colleague", name=person.name, number=shown, number_kind=kind)
        match = known.matches.get(number or "", NOBODY)
        client = known.clients.get(call.client_id or match.client_id or "")
        if client is not None:
            cars = tuple(car.title for car in known.cars.get(client.id, ()))
            return Caller(
                kind="client" if client.relation == "client" else "not_client",
                name=client.title, number=shown, number_kind=kind, client=client, cars=cars,
                candidates=match.candidates, was_chosen=call.candidate_count != 1,
            )  # fmt: skip
        return self._unsure(match, shown, known, Caller(kind="unknown", number=shown, number_kind=kind))

    def _unsure(self, match: CallerMatch, shown: str | None, known: _Known, unknown: Caller) -> Caller:
        kind = unknown.number_kind
        if kind == "withheld":
            return Caller(kind="withheld")
        if len(match.candidates) == 1:
            only = known.clients.get(match.candidates[0].client_id)
            name = match.candidates[0].name or (shown or "")
            return Caller(kind="not_client", name=name, number=shown, number_kind=kind, client=only)
        if match.candidates:
            return Caller(kind="candidates", number=shown, number_kind=kind, candidates=match.candidates)
        return unknown


@lru_cache(maxsize=4096)
def number_text(number: str | None, country: str) -> str:
    """A number as people write it: international where it can be, else as it came."""
    parsed = PhoneNumber.parse(number, country) if number else None
    return parsed.international if parsed is not None else (number or "")


def _colleague(call: CallView, phones: Collection[str], people: Mapping[str, PersonView]) -> Caller:
    """The other end of a call within the house."""
    is_asked = call.from_number not in phones and any(party.who in phones for party in call.parties)
    extension = call.from_number if is_asked else call.to_number
    person = people.get(extension or "")
    return Caller(
        kind="colleague", name=person.name if person else "", number=extension, number_kind="internal"
    )


def _people(call: CallView) -> tuple[str, ...]:
    """Those of ours who talk; else those whose phones ring; of an ended call, who talked."""
    if not call.is_live:
        talked = [party for party in call.parties if party.outcome == "answered"]
    else:
        here = [party for party in call.parties if party.left_at is None]
        talked = [party for party in here if party.outcome == "answered"] or [
            party for party in here if party.outcome is None
        ]
    return tuple(dict.fromkeys(party.name or party.who for party in talked))


def _since(call: CallView) -> datetime:
    """The moment that the clock of the board counts from."""
    if call.state == "parked" and call.transfers:
        return call.transfers[-1].at
    return call.answered_at or call.queued_at or call.started_at
