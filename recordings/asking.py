"""What the address of the library asks for: read once, for the list, its totals, its links, kept views."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, get_args
from urllib.parse import urlencode

from hub.errors import Invalid
from hub.events.calls import CallResult, Direction
from hub.kernel.list_filters import given as given_more
from hub.kernel.list_filters import names
from hub.kernel.web import PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import period_bounds
from hub.values import PhoneNumber
from recordings.rules_basis import Notice
from recordings.scope import LISTEN, reach_of
from recordings.views_library import LibraryFilter

PERIODS = ("today", "yesterday", "week", "month", "all")
NAMES = (
    "period", "from", "to", "q", "mark", "person", "direction", "line", "queue", "client_id", "vehicle_id",
    "number", "shortest", "longest", "result", "score", "reviewed", "notice",
)  # fmt: skip
SCORES: Mapping[str, tuple[int, int]] = {"good": (70, 100), "fair": (35, 69), "poor": (0, 34)}
_ALLOWED: Mapping[str, Collection[str]] = {
    "reviewed": ("yes", "no"), "score": tuple(SCORES), "direction": get_args(Direction),
    "result": get_args(CallResult), "notice": get_args(Notice),
}  # fmt: skip
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filter as it stands in the address, and what it means."""

    given: Mapping[str, str]
    where: LibraryFilter

    def link(self, **changes: str) -> str:
        """The list with some filters changed; the page begins anew."""
        merged = {**self.given, **changes}
        return "/recordings?" + urlencode({name: value for name, value in merged.items() if value})

    @property
    def query(self) -> str:
        """What a kept view keeps."""
        return urlencode({name: value for name, value in self.given.items() if value})

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the period is asked for."""
        return any(value for name, value in self.given.items() if name not in NAMES[:3])


async def asked_of(request: PageRequest) -> Asked:
    """Raises Invalid for a day that is none."""
    known = (*NAMES, *names(request.deps, "calls"))
    given = {name: request.query.get(name, "")[:_LONGEST].strip().replace("\x00", "") for name in known}
    given.update({name: "" for name, allowed in _ALLOWED.items() if given[name] not in allowed})
    if given["period"] not in PERIODS:
        given["period"] = "custom" if given["from"] or given["to"] else "all"
    zone = request.deps.places.of(request.viewer.shop_id).zone
    days = (_day(given["from"]), _day(given["to"]))
    since, until = period_bounds(given["period"], *days, request.deps.clock.now(), zone)
    base = reach(request)
    low, high = SCORES.get(given["score"], (None, None))
    where = LibraryFilter(
        shops=base.shops, phones=base.phones, since=max(filter(None, (since, base.since)), default=None),
        until=until, person=await extensions_of(request, given["person"]) if given["person"] else None,
        direction=_one_of(given["direction"]), result=_one_of(given["result"]), line=given["line"] or None,
        queue=given["queue"] or None, client_id=given["client_id"] or None,
        vehicle_id=given["vehicle_id"] or None, number=given["number"] or None,
        min_seconds=_seconds(given["shortest"]), max_seconds=_seconds(given["longest"]),
        min_percent=low, max_percent=high, mark=given["mark"], text=given["q"],
        is_reviewed={"yes": True, "no": False}.get(given["reviewed"]), notice=_one_of(given["notice"]),
        more=given_more(request.deps, "calls", given),
    )  # fmt: skip
    return Asked(given=given, where=where)


def reach(request: PageRequest, right: str = LISTEN) -> LibraryFilter:
    """How far the viewer's right reaches, as a filter of the library."""
    far = reach_of(request, right)
    return LibraryFilter(shops=far.shops, phones=far.phones, since=far.since)


async def extensions_of(request: PageRequest, person: str) -> tuple[str, ...]:
    """An employee's id gives all their phones and the mobile, anything else is a phone in any writing."""
    for one in await request.apis.of(AccessApi).list_people(reach_of(request).shops):
        if one.id == person:
            return (*one.extensions, *((one.mobile,) if one.mobile else ())) or (person,)
    parsed = PhoneNumber.parse(person, request.deps.places.of(request.viewer.shop_id).country)
    return tuple(dict.fromkeys((person, str(parsed) if parsed is not None else person)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(
            "calls.day", "This is not a day.", "Write it like 2026-12-31.", fields={"from": "Not a day."}
        ) from error


def _seconds(text: str) -> float | None:
    """Minutes and seconds (`1:30`), or minutes."""
    minutes, colon, seconds = text.replace(",", ".").partition(":")
    try:
        found = float(minutes or 0) * 60 + (float(seconds) if colon and seconds else 0)
    except ValueError:
        return None
    return found if text and 0 < found < timedelta(days=1).total_seconds() else None


def _one_of(text: str) -> Any:
    return text or None
