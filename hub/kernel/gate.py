"""What of the modules the installed package lets through, besides their pages and operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import ColumnElement

from hub.kernel.bot import BotMenu
from hub.kernel.client_links import ClientLink
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.hosts import Absence, ClientHost
from hub.kernel.list_filters import ListFilter, Narrowing
from hub.kernel.manifest import Module
from hub.kernel.plans import Plans, load_plans
from hub.kernel.web import CardPart, DeskStrip, SettingsItem

_P = TypeVar("_P", CardPart, DeskStrip, ClientHost, Absence)


def card_parts(modules: Sequence[Module], plan: str) -> tuple[CardPart, ...]:
    """The parts of the caller's card that are in the package, in their order."""
    return _in_package(((part, m) for m in modules for part in m.card), plan)


def board_parts(modules: Sequence[Module], plan: str) -> tuple[CardPart, ...]:
    """Those of each call of the live board."""
    return _in_package(((part, m) for m in modules for part in m.board), plan)


def desk_strips(modules: Sequence[Module], plan: str) -> tuple[DeskStrip, ...]:
    """The lines at the top of the desk."""
    return _in_package(((strip, m) for m in modules for strip in m.strips), plan)


def client_hosts(modules: Sequence[Module], plan: str) -> tuple[ClientHost, ...]:
    """Who may be at work for a client."""
    return _in_package(((host, m) for m in modules for host in m.hosts), plan)


def absences(modules: Sequence[Module], plan: str) -> tuple[Absence, ...]:
    """Why somebody of ours is not to be rung."""
    return _in_package(((one, m) for m in modules for one in m.absences), plan)


def _in_package(parts: Iterable[tuple[_P, Module]], plan: str) -> tuple[_P, ...]:
    plans = load_plans()
    found = (part for part, module in parts if plans.has(plan, part.feature or module.feature))
    return tuple(sorted(found, key=lambda part: part.order))


def account_items(modules: Sequence[Module], plan: str) -> tuple[SettingsItem, ...]:
    """What people may set up for themselves, in order."""
    plans = load_plans()
    found = (item for m in modules if plans.has(plan, m.feature) for item in m.account)
    return tuple(sorted(found, key=lambda item: (item.order, item.title)))


def bot_menus(modules: Sequence[Module], plan: str) -> tuple[BotMenu, ...]:
    """What the clients' bot offers, in order; of one slot the last module's that is in the package."""
    plans, found = load_plans(), dict[str, BotMenu]()
    for module in modules:
        for menu in module.bot:
            if plans.has(plan, menu.feature or module.feature):
                found[f"slot {menu.slot}" if menu.slot else menu.name] = menu
    return tuple(sorted(found.values(), key=lambda menu: menu.order))


def client_links(modules: Sequence[Module], plan: str) -> dict[str, ClientLink]:
    """What clients open by a short link, by its kind."""
    plans = load_plans()
    found = ((link, module) for module in modules for link in module.links)
    return {link.kind: link for link, module in found if plans.has(plan, link.feature or module.feature)}


def list_filters(modules: Sequence[Module], plan: str) -> tuple[ListFilter, ...]:
    """What modules add to the lists of others; one that is not in the package refuses to be asked."""
    plans = load_plans()
    found = (replace(one, feature=one.feature or m.feature) for m in modules for one in m.filters)
    return tuple(one if plans.has(plan, one.feature) else _refusing(one, plans, plan) for one in found)


def _refusing(one: ListFilter, plans: Plans, plan: str) -> ListFilter:
    async def refuse(_uow: UnitOfWork, _deps: Deps, _narrowing: Narrowing) -> ColumnElement[bool]:
        plans.demand(plan, one.feature)
        raise AssertionError("the package has it after all")

    return replace(one, condition=refuse, is_offered=False)


def job_gate(modules: Sequence[Module], plan: str) -> Callable[[str], None]:
    """Refuses, by its name, a job that somebody asks for and whose module is not in the package. What
    runs by the clock keeps house and goes on."""
    features = {job.name: module.feature for module in modules for job in module.jobs}
    plans = load_plans()
    return lambda name: plans.demand(plan, features[name])
