"""The desk's own parts of the caller's card: the cars, and what was spoken of before."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.web import CardPart, CardSubject, PageRequest
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi

_LAST_CALLS = 4
_CARS = 6
_INSISTS = 3
_INSISTS_WITHIN = timedelta(minutes=20)


async def cars(request: PageRequest, subject: CardSubject) -> str:
    """The cars that the caller owns; of several candidates each one's stand beside the reason."""
    if subject.client_id is None:
        return ""
    owned = await request.apis.of(CrmApi).vehicles_of([subject.client_id])
    kept = [car for car in owned.get(subject.client_id, ()) if not car.is_archived]
    if not kept:
        return ""
    return request.html("desk/part_cars.html", cars=kept[:_CARS], more=len(kept) - _CARS)


async def last_calls(request: PageRequest, subject: CardSubject) -> str:
    """The last calls with their notes, by the client where there is one, else by the number."""
    if subject.client_id is None and subject.number is None:
        return ""
    calls = request.apis.of(CallsApi)
    found = await calls.last_calls(
        client_id=subject.client_id, number=subject.number, limit=_LAST_CALLS, skip=subject.call_id
    )
    if not found:
        return ""
    notes = await calls.notes([call.id for call in found])
    recent = request.deps.clock.now() - _INSISTS_WITHIN
    again = 1 + sum(call.direction == "inbound" and call.started_at > recent for call in found)
    is_calling = subject.call_id is not None and subject.direction == "inbound"
    times = again if is_calling and again >= _INSISTS else 0
    return request.html("desk/part_last_calls.html", calls=found, notes=notes, times=times)


parts = (
    CardPart(name="desk.cars", order=20, right="clients.view", render=cars, feature="3.1"),
    CardPart(name="desk.last_calls", order=60, right="calls.view", render=last_calls, feature="3.7"),
)
