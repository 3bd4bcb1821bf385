"""What the installed package lets be seen: which pages it opens, and so which entries of a menu, live
topics and scripts there are. The server's refusal is the pipeline's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.kernel.manifest import Module
from hub.kernel.plans import BASIS, Plans, load_plans
from hub.kernel.web import Route


@dataclass(frozen=True, slots=True)
class Package:
    """`plan` is the installed one; `pages` maps the path of a page to the function that it belongs to;
    `built` are the functions of the price matrix that something of this version asks the gate for."""

    plans: Plans
    plan: str
    pages: Mapping[str, str]
    built: frozenset[str]

    @classmethod
    def of(cls, plan: str, modules: Sequence[Module], own_routes: Iterable[Route]) -> Package:
        """The package of an installation with these modules."""
        pages = {route.path: route.feature for route in own_routes if route.method == "GET"}
        named = {route.feature for route in own_routes}
        for module in modules:
            pages |= {r.path: r.feature or module.feature for r in module.routes if r.method == "GET"}
            named |= {module.feature, *(route.feature for route in module.routes)}
            named |= {operation.feature for operation in module.operations}
            named |= {part.feature for part in (*module.card, *module.board)}
            named |= {strip.feature for strip in module.strips}
            named |= {host.feature for host in module.hosts}
            named |= {one.feature for one in module.filters}
        return cls(load_plans(), plan, pages, frozenset(named - {"", BASIS}))

    def has(self, feature: str) -> bool:
        """Whether the function is in it; "" and BASIS are in every package."""
        return self.plans.has(self.plan, feature)

    def opens(self, path: str, otherwise: str = "") -> bool:
        """Whether the page at this path is in it; `otherwise` is the function of a path that is no page."""
        return self.has(self.pages.get(path, otherwise))
