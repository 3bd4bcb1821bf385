"""Every page and operation says which function of the price matrix it belongs to, or that it is of the
basis; every function that is built is asked for somewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.kernel.manifest import Module
from hub.kernel.plans import BASIS, load_plans
from hub.kernel.web import Route
from hub.main import MODULES
from webui.app import OWN_ROUTES
from webui.operations import OWN_OPERATIONS
from webui.package import Package

PLANS = load_plans()
BASIS_PAGES = (
    "/", "/login", "/logout", "/setup", "/invite", "/account", "/me",  # the door
    "/settings", "/settings/package", "/settings/people", "/settings/roles", "/settings/tokens",
    "/settings/api", "/settings/audit", "/approvals",  # who may what, and who did what
    "/settings/pbx",  # calls are counted in every package
    "/system", "/jobs", "/live", "/healthz", "/readyz", "/metrics",  # the machinery
)  # fmt: skip
"""Pages of the web admin that are in every package, with what lies below them."""
NOT_BUILT = {
    "0.1", "0.2", "0.3", "0.6", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2.1", "2.2", "2.3", "2.4", "2.5",
    "2.6", "2.7", "2.8", "2.10", "3.3", "3.4", "3.5", "4.3", "4.4", "4.5",
    "4.6", "4.8", "5.1", "5.2", "5.3", "5.4", "5.5", "6.2", "6.3", "6.4", "6.5",
}  # fmt: skip
"""Functions that this version has nothing of yet. Whoever builds one takes it out, and names it."""


def below(path: str) -> Iterator[str]:
    """The page itself and every page above it."""
    parts = path.split("/")
    yield from ("/".join(parts[:count]) or "/" for count in range(len(parts), 1, -1))


def test_what_is_not_built_is_all_that_nobody_asks_for() -> None:
    built = Package.of("profi", MODULES, OWN_ROUTES).built
    assert set(PLANS.features) - built == NOT_BUILT


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_names_its_function_or_the_basis(module: Module) -> None:
    assert module.feature == BASIS or module.feature in PLANS.features


def test_a_page_of_the_web_admin_names_its_function_or_is_listed_as_basis() -> None:
    def is_basis(route: Route) -> bool:
        return any(path in BASIS_PAGES for path in below(route.path))

    silent = sorted({r.path for r in OWN_ROUTES if not r.feature and not is_basis(r)})
    assert silent == []
    pages = [path for route in OWN_ROUTES if not route.feature for path in below(route.path)]
    assert [path for path in BASIS_PAGES if path not in pages] == []
    unknown = {r.feature for r in OWN_ROUTES if r.feature} - set(PLANS.features)
    assert unknown == set()


def test_the_basis_of_the_api_is_who_asks_and_how_the_links_are() -> None:
    assert {one.path for one in OWN_OPERATIONS if not one.feature} == {"/me", "/connectors"}


def test_every_function_has_a_section() -> None:
    assert {name.partition(".")[0] for name in PLANS.names} == set(PLANS.sections)
