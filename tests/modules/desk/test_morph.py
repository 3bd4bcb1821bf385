"""The change of a page under a person's hands, in a real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route

from tests.flows.browser import chromium

ASSETS = Path(__file__).parents[3] / "webui" / "assets"
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page() -> AsyncIterator[Page]:
    async def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name.endswith(".js"):
            await route.fulfill(body=(ASSETS / name).read_text("utf-8"), content_type="text/javascript")
        else:
            await route.fulfill(body="<!doctype html><div id=root></div>", content_type="text/html")

    async with chromium() as browser:
        page = await browser.new_page()
        await page.route("http://desk.test/**", serve)
        await page.goto("http://desk.test/")
        yield page


async def change(page: Page, before: str, during: str, after: str) -> str:
    """Show `before`, do `during`, morph it into `after`; the markup that stands then."""
    html: str = await page.evaluate(
        """async ([before, during, after]) => {
            const { morph } = await import("/morph.js");
            const parse = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
            const root = document.getElementById("root");
            root.replaceChildren(parse(before));
            new Function("root", during)(root);
            window.kept = root.querySelector("#kept");
            morph(root.firstElementChild, parse(after));
            return root.innerHTML;
        }""",
        [before, during, after],
    )
    return html


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<ul></ul>", "<ul><li id='a'>1</li></ul>"),
        ("<ul><li id='a'>1</li><li id='b'>2</li></ul>", "<ul><li id='b'>2</li></ul>"),
        ("<ul><li id='a'>1</li><li id='b'>2</li></ul>", "<ul><li id='b'>2</li><li id='a'>1</li></ul>"),
        ("<ul><li id='a'>1</li></ul>", "<ul><li id='z'>0</li><li id='a'>one</li><li id='y'>2</li></ul>"),
        ("<p>a<b>c</b></p>", "<p><i>x</i>d<b>e</b></p>"),
        ('<p class="a" title="t">x</p>', '<p class="b">y</p>'),
        ("<div><p>1</p><p id='k'>2</p></div>", "<div><p id='k'>2</p><p>1</p><p>3</p></div>"),
        ("<div><em>1</em></div>", "<div>1</div>"),
    ],
)
async def test_what_stands_afterwards_is_what_was_asked_for(page: Page, before: str, after: str) -> None:
    assert await change(page, before, "", after) == after.replace("'", '"')


async def test_an_element_that_stays_is_the_same_element(page: Page) -> None:
    await change(page, "<div><p id='kept'>1</p></div>", "", "<div><b>new</b><p id='kept'>2</p></div>")
    assert await page.evaluate("window.kept === document.querySelector('#kept') && kept.textContent") == "2"


async def test_typed_text_focus_and_the_place_of_the_cursor_survive(page: Page) -> None:
    form = "<div>{}<form id='kept'><textarea id='t'></textarea><input id='i' value='{}'></form></div>"
    typing = "const t = root.querySelector('#t'); t.focus(); t.value = 'брак'; t.setSelectionRange(1, 2);"
    await change(page, form.format("", "a"), typing, form.format("<b>strip</b><p>other</p>", "b"))
    seen = await page.evaluate(
        "[document.activeElement.id, document.activeElement.value, t.selectionStart, t.selectionEnd, i.value]"
    )
    assert seen == ["t", "брак", 1, 2, "b"]


async def test_focus_survives_when_the_focused_row_is_moved(page: Page) -> None:
    before = "<ul><li id='a'><input id='in'></li><li id='b'>2</li></ul>"
    after = "<ul><li id='b'>2</li><li id='a'><input id='in'></li></ul>"
    await change(page, before, "root.querySelector('#in').focus()", after)
    assert await page.evaluate("document.activeElement.id") == "in"


async def test_what_belongs_to_scripts_is_left_alone(page: Page) -> None:
    before = "<p><span data-own data-clock='1'></span></p>"
    html = await change(page, before, "root.querySelector('span').textContent = '0:07'", before)
    assert "0:07" in html


async def test_an_opened_detail_stays_open(page: Page) -> None:
    detail = "<div><details id='d'><summary>s</summary>x</details></div>"
    html = await change(page, detail, "root.querySelector('details').open = true", detail)
    assert '<details id="d" open' in html
