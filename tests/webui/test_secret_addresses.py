"""An address that is itself the secret: no log, no other site and no search engine learns it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.kernel.web import PUBLIC, Route
from hub.log import LogMemory
from tests.own_log import whole_log
from tests.webui.stage import Shop
from webui.app import OWN_ROUTES

SECRET = "s3cret-made-up-by-nobody"


def public_addresses(shop: Shop) -> list[Route]:
    """Pages that anybody may open who knows more than the path."""
    modules = shop.hub.installation.modules
    routes = [*OWN_ROUTES, *(route for module in modules for route in module.routes)]
    return [route for route in routes if route.right == PUBLIC and "{" in route.path]


@pytest.fixture
def told() -> Iterator[LogMemory]:
    """Before the hub is made: a logger speaks as the log was set up when it was made."""
    with whole_log() as memory:
        yield memory


async def test_what_opens_by_its_address_alone_is_told_to_nobody(told: LogMemory, shop: Shop) -> None:
    routes = public_addresses(shop)
    paths = {route.path.replace("{token}", SECRET) for route in routes}
    assert {path.partition(SECRET)[0] for path in paths} >= {"/invite/", "/c/", "/wall/", "/files/"}
    for path in sorted(paths):
        answer = await shop.browser().get(path)
        assert answer.status == 404, path
        assert answer.headers["Referrer-Policy"] == "no-referrer", path
        assert "noindex" in answer.headers["X-Robots-Tag"], path
        await shop.browser().get(f"{path}/typed-on")
    said = [str(line) for line in told.lines()]
    assert sum("404" in line for line in said) >= len(paths)
    assert SECRET not in "\n".join(said)
