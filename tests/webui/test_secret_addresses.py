"""An address that is itself the secret: no log, no other site and no search engine learns it."""

from __future__ import annotations

import pytest

from hub.kernel.web import PUBLIC, Route
from tests.webui.stage import Shop
from webui.app import OWN_ROUTES

SECRET = "s3cret-made-up-by-nobody"


def public_addresses(shop: Shop) -> list[Route]:
    """Pages that anybody may open who knows more than the path."""
    modules = shop.hub.installation.modules
    routes = [*OWN_ROUTES, *(route for module in modules for route in module.routes)]
    return [route for route in routes if route.right == PUBLIC and "{" in route.path]


async def test_what_opens_by_its_address_alone_is_told_to_nobody(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    routes = public_addresses(shop)
    paths = {route.path.replace("{token}", SECRET) for route in routes}
    assert {path.partition(SECRET)[0] for path in paths} >= {"/invite/", "/c/", "/wall/", "/files/"}
    for path in sorted(paths):
        answer = await shop.browser().get(path)
        assert answer.status == 404, path
        assert answer.headers["Referrer-Policy"] == "no-referrer", path
        assert "noindex" in answer.headers["X-Robots-Tag"], path
        await shop.browser().get(f"{path}/typed-on")
    said = capsys.readouterr().out
    assert said.count("status=404") >= len(paths)
    assert SECRET not in said
