"""What other modules and pages may ask of crm. Clients and cars belong to the installation: every
shop of a network knows the same people (calls belong to shops)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from hub.kernel.parts import Composed, Part
from hub.modules.crm.matching import match_callers
from hub.modules.crm.rules import NumberKind, number_key, number_kind
from hub.modules.crm.service import ClientService, entry_of
from hub.modules.crm.service_asked import ErasureRequestService
from hub.modules.crm.service_duplicates import DuplicateService
from hub.modules.crm.service_emails import EmailService
from hub.modules.crm.service_erasure import ErasureService
from hub.modules.crm.service_history import HistoryService
from hub.modules.crm.service_import import BulkService
from hub.modules.crm.service_merge import MergeService
from hub.modules.crm.service_mileage import MileageService
from hub.modules.crm.service_numbers import NumberService
from hub.modules.crm.service_roles import RoleService
from hub.modules.crm.service_search import SearchService
from hub.modules.crm.service_vehicles import VehicleService, vehicle_entry_of
from hub.modules.crm.views import (
    KINDS,
    MESSENGERS,
    NOBODY,
    RELATIONS,
    ROLES,
    CallerMatch,
    Candidate,
    ChangeKind,
    ChangeView,
    ClientEntry,
    ClientFilter,
    ClientPage,
    ClientView,
    DuplicateReason,
    DuplicateView,
    ErasureRequestView,
    ErasureView,
    HistoryPage,
    ImportedRow,
    ImportOutcome,
    Kind,
    MergePage,
    MergeView,
    Messenger,
    MessengerKind,
    MileageView,
    OwnershipView,
    PhoneEntry,
    PhoneView,
    Relation,
    RoleEntry,
    RoleName,
    RoleView,
    SearchHit,
    VehicleEntry,
    VehicleFilter,
    VehiclePage,
    VehicleView,
    reason_in_words,
)  # fmt: skip

__all__ = [
    "KINDS",
    "MESSENGERS",
    "NOBODY",
    "RELATIONS",
    "ROLES",
    "CallerMatch",
    "Candidate",
    "ChangeKind",
    "ChangeView",
    "ClientEntry",
    "ClientFilter",
    "ClientPage",
    "ClientView",
    "CrmApi",
    "DuplicateReason",
    "DuplicateView",
    "ErasureRequestView",
    "ErasureView",
    "HistoryPage",
    "ImportOutcome",
    "ImportedRow",
    "Kind",
    "MergePage",
    "MergeView",
    "Messenger",
    "MessengerKind",
    "MileageView",
    "NumberKind",
    "OwnershipView",
    "PhoneEntry",
    "PhoneView",
    "Relation",
    "RoleEntry",
    "RoleName",
    "RoleView",
    "SearchHit",
    "VehicleEntry",
    "VehicleFilter",
    "VehiclePage",
    "VehicleView",
    "entry_of",
    "match_callers",
    "number_key",
    "number_kind",
    "reason_in_words",
    "vehicle_entry_of",
]  # fmt: skip


class CrmApi(Composed):
    """Clients, their phones and cars, for one unit of work. `roles` are the ties between people, companies
    and cars, `mileage` the log of a counter, `history` who changed what, `duplicates` and `merging` make one
    record of two, `numbers` is what was learnt of shared ones, `searching` what lists are narrowed by,
    `bulk` takes many in at once, `erasing` takes a person's data away, `asked` are those who wait for it,
    `addresses` finds by e-mail."""

    _clients = Part(ClientService)
    _vehicles = Part(VehicleService)
    searching = Part(SearchService)
    roles = Part(RoleService)
    mileage = Part(MileageService)
    history = Part(HistoryService)
    duplicates = Part(DuplicateService)
    merging = Part(MergeService)
    numbers = Part(NumberService)
    bulk = Part(BulkService)
    erasing = Part(ErasureService)
    asked = Part(ErasureRequestService)
    addresses = Part(EmailService)

    async def caller(self, number: str | None) -> CallerMatch:
        """Who a number (in any writing) belongs to, each candidate with its reason and cars."""
        return await self._clients.caller(number)

    async def client(self, client_id: str) -> ClientView:
        """Raises NotFound."""
        return await self._clients.one(client_id)

    async def clients_by_ids(self, client_ids: Collection[str]) -> dict[str, ClientView]:
        """Those that exist, by id."""
        return await self._clients.by_ids(client_ids)

    async def clients(self, where: ClientFilter, *, cursor: str | None, limit: int) -> ClientPage:
        """A stretch of the list, newest first. Raises Invalid for a cursor that is not ours."""
        return await self.searching.clients(where, cursor=cursor, limit=limit)

    async def birthdays(self, day: date, *, after: str = "", limit: int = 200) -> list[ClientView]:
        """Clients whose birthday is kept on that day, in the order of their ids, from `after` on. Archived
        ones and those who are something else to the shop have none here."""
        return await self.searching.birthdays(day, after=after, limit=limit)

    async def search(self, text: str, limit: int = 20, *, whole_numbers: bool = False) -> list[SearchHit]:
        """The one search box: a name, a phone in any writing or its last digits, a plate, a VIN."""
        return await self.searching.hits(text, limit, whole_numbers=whole_numbers)

    async def create_client(self, entry: ClientEntry) -> ClientView:
        """A new client. A phone may be shared; see `caller` to offer those who have it already.
        Raises Invalid."""
        return await self._clients.create(entry)

    async def change_client(self, client_id: str, rev: int, entry: ClientEntry) -> ClientView:
        """Put `entry` in place of what is there. Raises NotFound, Invalid, Conflict (stale rev)."""
        return await self._clients.change(client_id, rev, entry)

    async def quick_create(
        self, number: str | None, name: str, *, kind: Kind = "person", plate: str = "", make: str = "",
        model: str = "", allow_shared: bool = False,
    ) -> ClientView:  # fmt: skip
        """A client with the caller's number filled in, and a car where a plate or model is given.
        Raises Conflict `crm.phone_known` (data.candidates) unless sharing is allowed."""
        client = await self._clients.quick_create(number, name, kind=kind, allow_shared=allow_shared)
        if plate or make or model:
            entry = VehicleEntry(plate=plate, make=make, model=model, client_id=client.id)
            await self._vehicles.create(entry)
        return client

    async def mark_not_client(self, number: str, relation: Relation, name: str = "") -> ClientView:
        """Remember for ever that a number is a supplier's, staff's, spam. Raises Conflict
        `crm.number_of_client` when a client has it."""
        return await self._clients.mark_not_client(number, relation, name)

    async def vehicle(self, vehicle_id: str) -> VehicleView:
        """Raises NotFound."""
        return await self._vehicles.one(vehicle_id)

    async def vehicles_by_ids(self, vehicle_ids: Collection[str]) -> dict[str, VehicleView]:
        """Those that exist, by id."""
        return await self._vehicles.by_ids(vehicle_ids)

    async def vehicles_of(self, client_ids: Collection[str]) -> dict[str, tuple[VehicleView, ...]]:
        """The cars that each client owns now."""
        return await self._vehicles.of_clients(client_ids)

    async def vehicles(self, where: VehicleFilter, *, cursor: str | None, limit: int) -> VehiclePage:
        """A stretch of the list, newest first. Raises Invalid for a cursor that is not ours."""
        return await self.searching.vehicles(where, cursor=cursor, limit=limit)

    async def create_vehicle(self, entry: VehicleEntry) -> VehicleView:
        """A new car; plates may repeat (re-issued), VINs may not. Raises Invalid, Conflict."""
        return await self._vehicles.create(entry)

    async def change_vehicle(self, vehicle_id: str, rev: int, entry: VehicleEntry) -> VehicleView:
        """Put `entry` in place of what is there; another owner is dated. Raises as create."""
        return await self._vehicles.change(vehicle_id, rev, entry)

    async def same_plate(self, plate: str) -> tuple[VehicleView, ...]:
        """The cars with this plate, Latin or Cyrillic: mostly one, a re-issued plate has several."""
        return await self._vehicles.with_plate(plate)

    async def callers(self, numbers: Collection[str]) -> dict[str, CallerMatch]:
        """As `caller`, for many numbers at once and without the cars."""
        return await self._clients.callers(numbers)

    async def owners_of(self, vehicle_id: str) -> tuple[OwnershipView, ...]:
        """Every owner by date, the present one first."""
        return await self._vehicles.owners(vehicle_id)

    async def cid_line(self, number: str | None) -> str:
        """One short line for a desk phone's display; empty for an unknown number."""
        return await self._clients.cid_line(number)
