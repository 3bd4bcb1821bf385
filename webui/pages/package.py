"""The package: which one is installed, what is in it, what the next one would add, how to change it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from webui.package import Package
from webui.pipeline import FreeRoute
from webui.request import Request


@dataclass(frozen=True, slots=True)
class Row:
    """A function of the price matrix; `is_built`: this version has it."""

    name: str
    is_built: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the price matrix with some of its functions."""

    title: str
    rows: tuple[Row, ...]


async def show(request: Request) -> web.StreamResponse:
    """What one has, what one could have."""
    package = request.site.package
    titles = package.plans.titles
    order = list(titles)
    place = order.index(package.plan)
    following = order[place + 1] if place + 1 < len(order) else ""
    features = package.plans.features
    return request.page(
        "package.html",
        plan=titles[package.plan],
        titles=[(titles[name], name == package.plan) for name in order],
        following=titles.get(following, ""),
        setting=following or order[max(place - 1, 0)],
        inside=_sections(package, [one for one, plans in features.items() if package.plan in plans]),
        added=_sections(
            package,
            [one for one, plans in features.items() if following in plans and package.plan not in plans],
        ),
    )


def _sections(package: Package, features: Iterable[str]) -> list[Section]:
    """By section, in the order of the matrix; sections without a function are left out."""
    found: dict[str, list[Row]] = {}
    for feature in features:
        row = Row(package.plans.names[feature], feature in package.built)
        found.setdefault(feature.partition(".")[0], []).append(row)
    return [Section(package.plans.sections[number], tuple(rows)) for number, rows in found.items()]


routes = (
    FreeRoute(
        method="GET", path="/settings/package", handler=show, right="settings.view", name="web.package"
    ),
)
