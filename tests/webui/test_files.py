"""Scripts, styles and icons."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from yarl import URL

from hub.main import MODULES
from tests.machine import missing
from tests.webui.extraction import ROOT
from tests.webui.stage import Shop
from webui.menu import OWN_ITEMS

TEMPLATES = [
    *(ROOT / "webui/templates").rglob("*.html"),
    *ROOT.glob("hub/modules/*/templates/**/*.html"),
    *ROOT.glob("recordings/templates/**/*.html"),
]
LISTED = set((ROOT / "webui/assets/icons.txt").read_text(encoding="utf-8").split())
VENDOR = ROOT / "webui/static/vendor"


def test_every_icon_that_is_used_is_fetched() -> None:
    used = {item.icon for module in MODULES for item in module.menu} | {item.icon for item in OWN_ITEMS}
    for path in TEMPLATES:
        used |= set(re.findall(r"""icon\(\s*["']([\w-]+)["']""", path.read_text(encoding="utf-8")))
    assert used <= LISTED
    assert len(used) > 20


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_holds_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", text, flags=re.DOTALL)
    for tag in re.findall(r"<[a-z][^<>]*>", bare):
        assert not re.search(r"^<style|\sstyle\s*=|\son\w+\s*=|javascript:", tag), tag
    assert "|safe" not in text.replace(" ", "")


def test_the_lock_file_names_no_machine_and_has_every_hash() -> None:
    lock = json.loads((ROOT / "webui/assets/package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) >= 4
    for name, one in packages.items():
        assert "resolved" not in one, name
        assert one["integrity"].startswith("sha512-"), name


@pytest.mark.sqlite
async def test_files_are_fixed_by_their_hash_compressed_and_asked_for_once(shop: Shop) -> None:
    client = shop.browser()
    page = await (await client.get("/login", allow_redirects=False)).text() or ""
    await shop.person("owner")
    page = await (await client.get("/login")).text()
    found = re.search(r'href="(/assets/webui/shell\.css\?v=\w+)"', page)
    assert found is not None
    fixed = await client.get(found[1], headers={"Accept-Encoding": "gzip"})
    assert fixed.headers["Cache-Control"].endswith("immutable")
    assert fixed.headers["Content-Encoding"] == "gzip"
    assert "--shell-focus" in await fixed.text()
    again = await client.get(found[1], headers={"If-None-Match": fixed.headers["ETag"]})
    assert again.status == 304
    stale = await client.get("/assets/webui/shell.css?v=0123")
    assert stale.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["webui/../app.py", "webui/package.json", "vendor/.stamp", "../../etc/passwd", "webui/", "x"]
)
@pytest.mark.one_on_postgres
async def test_nothing_else_is_served(shop: Shop, name: str) -> None:
    answer = await shop.browser().get(URL(f"/assets/{name.replace('..', '%2e%2e')}", encoded=True))
    assert answer.status == 404


@pytest.mark.sqlite
async def test_libraries_are_there(shop: Shop) -> None:
    if not (VENDOR / ".stamp").is_file():
        missing("fetched JavaScript and CSS (PITLINE_SKIP_FRONTEND was set)", "install again without it")
    for name in ("tabler.min.css", "tabler.min.js", "htmx.min.js"):
        assert (await shop.browser().get(f"/assets/vendor/{name}")).status == 200
    assert "<path" in await (await (await shop.signed_in("owner")).get("/settings")).text()
