"""How far a viewer's right to reports reaches, and what is asked, in words of an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args
from urllib.parse import urlencode

from hub.errors import Invalid
from hub.kernel.list_filters import given as given_more
from hub.kernel.list_filters import names
from hub.kernel.web import PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import NONE, CallerKind, CallFilter, CallsApi, own_days, within
from hub.modules.reports.api import Hours, Question
from hub.values import ShopId

VIEW, EXPORT = "reports.calls", "reports.export"
PERIODS = ("today", "yesterday", "week", "month", "custom")
NAMES = (
    "period", "from", "to", "shop", "line", "queue", "source", "person", "caller", "hours", "compare", "heat",
)  # fmt: skip
LONGEST = 128
MOST_DAYS = 1100
_FILTERS = ("shop", "line", "queue", "source", "person", "caller")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it stands in the address, for the form and for links."""

    given: Mapping[str, str]
    question: Question
    days: tuple[date, date]

    def link(self, path: str = "/reports/calls", **changes: str) -> str:
        """The same question with something changed."""
        merged = {**self.given, **changes}
        return path + "?" + urlencode({name: value for name, value in merged.items() if value})

    def list(self, **narrow: str) -> str:
        """The list of the inbound calls (or those that `narrow` says) that a number counts."""
        first, last = self.days
        hours = "" if self.question.hours == "all" else self.question.hours
        values = {
            "period": "custom", "from": first.isoformat(), "to": last.isoformat(), "direction": "inbound",
            "hours": hours, **{name: self.given[name] for name in self._filters}, **narrow,
        }  # fmt: skip
        return "/calls?" + urlencode({name: value for name, value in values.items() if value})

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the time is asked for."""
        return any(self.given[name] for name in self._filters)

    @property
    def _filters(self) -> tuple[str, ...]:
        return tuple(name for name in self.given if name in _FILTERS or name not in NAMES)


def shops_of(request: PageRequest) -> frozenset[ShopId] | None:
    """The shops whose calls the viewer may count; None = every shop."""
    viewer = request.viewer.reaching(VIEW)
    return None if viewer.rights.get(VIEW) == "all" else viewer.shop_ids


def is_own(request: PageRequest) -> bool:
    """Whether only what the viewer took part in."""
    return request.viewer.rights.get(VIEW) == "own"


async def asked_of(request: PageRequest, query: Mapping[str, str]) -> Asked:
    """Raises Invalid for days that are none or too many."""
    known = (*NAMES, *names(request.deps, "calls"))
    given = {name: query.get(name, "")[:LONGEST].strip().replace("\x00", "") for name in known}
    if given["period"] not in PERIODS:
        given["period"] = "custom" if given["from"] or given["to"] else "week"
    zone = request.deps.places.of(request.viewer.shop_id).zone
    now = request.deps.clock.now()
    days = _days(given, now.astimezone(zone).date())
    if is_own(request):
        given["person"] = request.viewer.id
    phones = await _phones(request, given["person"])
    where = CallFilter(
        shops=_shops(request, given["shop"]), line=given["line"] or None, queue=given["queue"] or None,
        source=given["source"] or None, person=phones, caller=_kind(given["caller"]),
        more=given_more(request.deps, "calls", given),
    )  # fmt: skip
    shops = [shop.id for shop in await request.apis.of(AccessApi).list_shops()]
    stretches = own_days(*days, shops, request.deps.places, where, zone)
    question = Question(
        where=within(where, stretches), days=days, stretches=stretches, hours=_hours(given["hours"]),
        is_own=is_own(request), lines=await _lines(request, given), compares=given["compare"] != "no",
        person=given["person"],
    )  # fmt: skip
    return Asked(given=given, question=question, days=days)


def _days(given: Mapping[str, str], today: date) -> tuple[date, date]:
    """First and last."""
    name = given["period"]
    if name != "custom":
        back = {"yesterday": 1, "week": 6, "month": 29}.get(name, 0)
        return today - timedelta(days=back), today - timedelta(days=int(name == "yesterday"))
    last = _day(given["to"], "to") or today
    first = _day(given["from"], "from") or last - timedelta(days=29)
    if first > last:
        first, last = last, first
    if (last - first).days >= MOST_DAYS:
        raise Invalid(
            "reports.too_long", "That is longer than three years.", "Choose a shorter time.",
            fields={"from": "Choose a later day."},
        )  # fmt: skip
    return first, last


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 1970 <= found.year <= 9000:
        raise Invalid(
            "reports.day", "This is not a day.", "Write it like 2026-12-31.", fields={field: "Not a day."}
        )
    return found


def _hours(text: str) -> Hours:
    return next((one for one in get_args(Hours) if one == text), "in")


def _kind(text: str) -> CallerKind | None:
    return next((one for one in get_args(CallerKind) if one == text), None)


def _shops(request: PageRequest, chosen: str) -> frozenset[ShopId] | None:
    mine = shops_of(request)
    if not chosen:
        return mine
    return frozenset({ShopId(chosen)}) & (mine if mine is not None else {ShopId(chosen)})


async def _phones(request: PageRequest, person: str) -> tuple[str, ...] | None:
    """All phones of a person by its id, or one extension; nothing of one who has none."""
    if not person:
        return None
    for one in await request.apis.of(AccessApi).list_people(shops_of(request)):
        if one.id == person:
            return (*one.extensions, *((one.mobile,) if one.mobile else ())) or (person,)
    return (person,)


async def _lines(request: PageRequest, given: Mapping[str, str]) -> frozenset[str] | None:
    """The numbers that line and source leave."""
    if not given["line"] and not given["source"]:
        return None
    if not given["source"]:
        return frozenset({given["line"]})
    source = "" if given["source"] == NONE else given["source"]
    fitting = {one.number for one in await request.apis.of(CallsApi).lines() if one.source == source}
    return frozenset(fitting & {given["line"]} if given["line"] else fitting)
