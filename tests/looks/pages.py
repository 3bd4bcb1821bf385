"""Which pages there are to look at, and what must happen before each."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page

from tests.looks.demo import Demo

PATHS: tuple[tuple[str, str], ...] = (
    ("desk-idle", "/desk"),
    ("calls", "/calls?period=week"),
    ("calls-filter", "/calls?period=week&result=missed"),
    ("calls-empty", "/calls?period=week&number=0000000"),
    ("board", "/calls/live"),
    ("recordings", "/recordings"),
    ("recordings-empty", "/recordings?number=0000000"),
    ("recordings-queue", "/recordings/queue"),
    ("recordings-scores", "/recordings/scores"),
    ("recordings-holds", "/recordings/holds"),
    ("recordings-reviews", "/recordings/reviews"),
    ("recordings-policy", "/settings/recording"),
    ("score-cards", "/settings/score-cards/new"),
    ("queues", "/queues"),
    ("colleagues", "/presence"),
    ("tasks", "/tasks"),
    ("inbox", "/inbox"),
    ("mailings", "/mailings"),
    ("mailings-empty", "/mailings?state=stopped"),
    ("mailing-new", "/mailings/new"),
    ("message-templates", "/settings/messages"),
    ("auto-messages", "/settings/auto-messages"),
    ("auto-message", "/settings/auto-messages/ready-unreached"),
    ("auto-message-dry-run", "/settings/auto-messages/ready-text_back/dry-run"),
    ("auto-messages-log", "/settings/auto-messages/log"),
    ("reports", "/reports/calls?period=month&hours=all"),
    ("reports-lost", "/reports/calls/lost?period=month&hours=all"),
    ("reports-empty", "/reports/calls?from=2001-01-01&to=2001-01-02"),
    ("reports-list", "/calls?period=month&direction=inbound&outcome=lost&hours=in&weekday=1"),
    ("clients", "/clients"),
    ("clients-empty", "/clients?q=zzzzz"),
    ("client-new", "/clients/new"),
    ("client-duplicates", "/clients/duplicates"),
    ("client-merges", "/clients/merges"),
    ("client-erasures", "/clients/erasures"),
    ("client-asks", "/clients/erasures/ask"),
    ("imports", "/imports"),
    ("vehicles", "/vehicles"),
    ("vehicle-new", "/vehicles/new"),
    ("settings", "/settings"),
    ("shops", "/settings/shops"),
    ("shop", "/settings/shops/main"),
    ("hours", "/settings/hours"),
    ("quiet-hours", "/settings/quiet-hours"),
    ("people", "/settings/people"),
    ("person-new", "/settings/people/new"),
    ("roles", "/settings/roles"),
    ("pbx", "/settings/pbx"),
    ("lines", "/settings/lines"),
    ("line-new", "/settings/lines/new"),
    ("phones", "/settings/phones"),
    ("queues-settings", "/settings/queues"),
    ("dialling-settings", "/settings/dialling"),
    ("wrap-up", "/settings/wrap-up"),
    ("tokens", "/settings/tokens"),
    ("hooks", "/settings/webhooks"),
    ("hook-new", "/settings/webhooks/new"),
    ("api", "/settings/api"),
    ("retention", "/settings/retention"),
    ("package", "/settings/package"),
    ("alerts", "/settings/alerts"),
    ("recording-policy", "/settings/recording"),
    ("audit", "/settings/audit"),
    ("system", "/system"),
    ("backups", "/system/backups"),
    ("dead-letters", "/system/dead-letters"),
    ("refused", "/system/hooks"),
    ("practice", "/system/practice"),
    ("log", "/system/log"),
    ("approvals", "/approvals"),
    ("account", "/account"),
    ("second-factor", "/account/second-factor"),
    ("error-404", "/no-such-page"),
)
FOLLOWED: tuple[tuple[str, str, str], ...] = (
    ("call", "/calls?period=week", r'href="(/calls/[^"/?]+)" data-row'),
    ("client", "/clients", r'href="(/clients/[0-9a-z]{26})"'),
    ("client-edit", "/clients", r'href="(/clients/[0-9a-z]{26})"'),
    ("client-consents", "/clients", r'href="(/clients/[0-9a-z]{26})"'),
    ("client-history", "/clients", r'href="(/clients/[0-9a-z]{26})"'),
    ("client-erase", "/clients", r'href="(/clients/[0-9a-z]{26})"'),
    ("client-merge", "/clients", r'href="(/clients/[0-9a-z]{26})"'),
    ("recording", "/recordings", r'href="(/recordings/[0-9a-z]{26})"'),
    ("vehicle", "/vehicles", r'href="(/vehicles/[0-9a-z]{26})"'),
    ("person", "/settings/people", r'href="(/settings/people/[0-9a-z]{26})"'),
    ("hook", "/settings/webhooks", r'href="(/settings/webhooks/[0-9a-z]{26})"'),
    ("line", "/settings/lines", r'href="(/settings/lines/[0-9a-z]{26})"'),
    ("mailing", "/mailings?state=done", r'href="(/mailings/[0-9a-z]{26})"'),
    ("mailing-draft", "/mailings?state=draft", r'href="(/mailings/[0-9a-z]{26})"'),
    ("mailing-report", "/mailings?state=done", r'href="(/mailings/[0-9a-z]{26})"'),
)
"""Pages whose address stands on another one."""
_BELOW = ("edit", "report", "consents", "history", "erase", "merge")


@dataclass(frozen=True, slots=True)
class Stop:
    """A picture to take; `arrive` brings the page there."""

    name: str
    arrive: Callable[[Page], Awaitable[None]]


async def stops(demo: Demo, page: Page) -> AsyncIterator[Stop]:
    """Every page in turn."""
    for name, path in PATHS:
        yield Stop(name, _goes(demo.url + path))
    for name, where, pattern in FOLLOWED:
        answer = await page.request.get(demo.url + where)
        found = re.search(pattern, await answer.text())
        if found is not None:
            yield Stop(name, _goes(demo.url + found[1] + below(name)))


def below(name: str) -> str:
    """What comes after the address that was found."""
    return next((f"/{end}" for end in _BELOW if name.endswith(f"-{end}")), "")


def _goes(address: str) -> Callable[[Page], Awaitable[None]]:
    async def go(page: Page) -> None:
        await page.goto(address)
        await page.wait_for_timeout(150)

    return go
