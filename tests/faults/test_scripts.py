"""F84: whatever comes from outside is shown as text. Each polyglot stands in every place that somebody
outside (or a colleague) can write to, and every page that shows it is loaded in a real browser.

The content policy is the second wall: it must have nothing to do. So each of its reports is a fault,
though the script did not run.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from connectors.ami.replay import AmiReplay
from connectors.ami.tracker import TrackerSettings
from hub.main import MODULES
from hub.modules.access.api import AccessApi, PersonEntry
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry, VehicleEntry
from hub.ports.intake import Arrival
from tests.faults.figures import Fault
from tests.faults.polyglots import SCRIPTS
from tests.flows.browser import chromium
from tests.flows.desk_shop import PASSWORD, Shop, open_shop
from webui.app import OWN_ROUTES

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
STREAM = Path(__file__).resolve().parents[1] / "streams/01_queue_answered.ami.gz"
WATCH = """
window.fired = n => console.error('FIRED ' + n);
window.alert = window.confirm = window.prompt = () => console.error('FIRED alert');
document.addEventListener('securitypolicyviolation',
    e => console.error('REPORT ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));
"""
BEGIN = b"Pitline: SessionBegun\r\nBoot: b1\r\nFirst: yes\r\n\r\n"


_NO_PAGES = (
    "/login", "/setup", "/metrics", "/healthz", "/readyz", "/clients/export", "/consents/export",
    "/recordings/reviews/export", "/dialling/latest", "/dialling/phone", "/dialling/hearing",
)  # fmt: skip


@dataclass
class Planted:
    """The addresses that show one polyglot, and what of it is searched for there."""

    text: str
    pages: list[str]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


def _rung(number: int, name: str, *, is_over: bool) -> Sequence[Arrival]:
    """What the AMI connector makes of a recorded call, the caller's name another one. One that is not
    over is cut off before the first hang-up."""
    stream = gzip.decompress(STREAM.read_bytes())
    stream = re.sub(rb"\b79161234567\b", f"+38050{number:07d}".encode(), stream)
    stream = stream.replace("Иван Петров".encode(), name.encode())
    stream = stream.replace(b"hubtest-1795442495.", f"hubtest-17955{number:05d}.".encode())
    frames = [one + b"\r\n\r\n" for one in stream.split(b"\r\n\r\n") if one.startswith(b"Event: ")]
    if not is_over:
        frames = frames[: next(i for i, one in enumerate(frames) if one.startswith(b"Event: Hangup"))]
    now = datetime.now(UTC)
    replay = AmiReplay(TrackerSettings())
    return list(replay.facts([(now, 1, BEGIN), *((now, 1, raw) for raw in frames)], now))


async def _plant(shop: Shop, texts: Sequence[str]) -> list[Planted]:
    planted: list[Planted] = []
    installation = shop.hub.installation
    for number, text in enumerate(texts):
        arrivals = _rung(number, text, is_over=number % 3 > 0)
        await shop.hub.intake.accept(arrivals)
        call_id = next(
            str(a.event.key).partition(":")[2] for a in arrivals if a.event.key.startswith("call:")
        )
        async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
            crm = CrmApi(uow, installation.deps)
            phones = (PhoneEntry(number=f"+38050{number:07d}", label=text[:40], is_main=True),)
            entry = ClientEntry(name=text, note=text, tags=(text[:30],), phones=phones if number % 2 else ())
            client = await crm.create_client(entry)
            car = VehicleEntry(
                plate=text[:20], make=text[:60], model=text[:60], note=text, client_id=client.id
            )
            vehicle = await crm.create_vehicle(car)
            person = await AccessApi(uow, installation.deps).people.create(
                PersonEntry(name=text, role="mechanic")
            )
            await AccessApi(uow, installation.deps).tokens.create(text, "integration")
            await CallsApi(uow, installation.deps).save_line(
                f"+38044{number:07d}", text[:60], text[:60], installation.default_shop
            )
            await CallsApi(uow, installation.deps).add_note(call_id, text, author_name=text[:60])
        pages = [f"/clients/{client.id}", f"/clients/{client.id}/edit", f"/vehicles/{vehicle.id}"]
        pages += [f"/vehicles/{vehicle.id}/edit", f"/calls/{call_id}", f"/settings/people/{person.id}"]
        planted.append(Planted(text, pages))
    return planted


def _lists() -> list[str]:
    """Every page that needs no id, of every manifest."""
    routes = (*OWN_ROUTES, *(route for module in MODULES for route in module.routes))
    plain = [r.path for r in routes if r.method == "GET" and "{" not in r.path]
    return [path for path in plain if path not in _NO_PAGES and not path.endswith((".csv", ".xlsx"))]


async def _open(page: Page, shop: Shop, path: str, seen: list[str], fault: Fault) -> None:
    """One page loaded: nothing ran, and the policy had nothing to stop."""
    seen.clear()
    await page.goto(shop.url + path, wait_until="load")
    await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    await page.evaluate("new Promise(done => setTimeout(done, 30))")
    fault.check(f"{path}: {seen[:2]}", not seen)


async def _is_shown(page: Page, text: str) -> bool:
    """As text of the page, or in a field of a form."""
    shown: Any = await page.evaluate(
        "document.body.textContent"
        " + [...document.querySelectorAll('input, textarea')].map(one => one.value).join(' ')"
    )
    return " ".join(text.split()) in " ".join(str(shown).split())


@pytest.mark.fault("F84")
async def test_nothing_from_outside_runs_as_a_script_on_any_page(
    tmp_path: Path, browser: Browser, fault: Fault
) -> None:
    async with open_shop(tmp_path, browser) as shop:
        texts = fault.cases(SCRIPTS, sample=4)
        planted = await _plant(shop, texts)
        context = await browser.new_context(locale="en", user_agent=f"Mozilla {texts[0]}")
        await context.add_init_script(WATCH)
        page = await context.new_page()
        seen: list[str] = []
        page.on(
            "console", lambda m: seen.append(m.text) if re.match("FIRED|REPORT|Refused", m.text) else None
        )
        page.on("pageerror", lambda error: seen.append(f"REPORT {error}"))
        page.on("dialog", lambda dialog: seen.append(f"FIRED {dialog.message}"))
        await page.goto(f"{shop.url}/login")
        await page.fill("input[name=login]", "owner")
        await page.fill("input[name=password]", PASSWORD)
        await page.press("input[name=password]", "Enter")
        await page.wait_for_url(lambda address: "/login" not in address)
        for path in _lists():
            await _open(page, shop, path, seen, fault)
        for one in planted:
            for path in one.pages:
                await _open(page, shop, path, seen, fault)
                fault.check(f"{path} does not show {one.text!r} as it is", await _is_shown(page, one.text))
            for query in (
                "/clients?q=",
                "/vehicles?q=",
                "/calls?number=",
                "/settings/audit?object=",
                "/no-such/",
            ):
                asked = await page.evaluate("text => encodeURIComponent(text)", one.text)
                await _open(page, shop, query + asked, seen, fault)
        fault.measure("scripts that ran or were stopped by the policy", len(fault.figures.wrong), 0)
        await context.close()


def test_the_browser_would_notice_a_script_that_runs() -> None:
    """The figure above would be worth nothing if `fired` were never heard of."""
    assert len(SCRIPTS) == len(set(SCRIPTS)) == 120
    assert sum("fired" in one for one in SCRIPTS) == 120


async def test_a_script_on_a_page_without_our_guards_is_seen_to_run(browser: Browser) -> None:
    page = await (await browser.new_context()).new_page()
    await page.context.add_init_script(WATCH)
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text))
    ran = 0
    for text in SCRIPTS[:30]:
        seen.clear()
        await page.goto("about:blank")
        await page.set_content(f"<p>{text}</p>")
        await page.evaluate("new Promise(done => setTimeout(done, 5))")
        ran += any("FIRED" in one for one in seen)
    assert ran >= 12
