"""Settings: the overview, the line to the PBX, the table of rights."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiohttp import web

from hub.errors import Conflict, Unavailable
from hub.modules.access.api import TRUNKS, AccessApi
from hub.ports.errors import ConnectorError
from hub.ports.telephony import Endpoint, Finding, Telephony
from webui.pipeline import FreeRoute
from webui.request import Request

PATIENCE = 8.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the PBX says of its endpoints, or why it does not."""

    found: Sequence[Endpoint]
    trouble: str


async def overview(request: Request) -> web.StreamResponse:
    """Where everything is."""
    return request.page("settings.html", telephony=request.deps.telephony)


async def pbx(request: Request) -> web.StreamResponse:
    """The line to the PBX, and which of its endpoints are outside lines."""
    telephony = request.deps.telephony
    endpoints = await ask_endpoints(telephony)
    patterns = await _patterns(request)
    return request.page(
        "pbx.html", telephony=telephony, endpoints=endpoints, ami=request.deps.settings.ami,
        wild=[pattern for pattern in patterns if set(pattern) & set("*?[")], is_fixed=_is_fixed(request),
        missing=[one for one in patterns if not any(fnmatchcase(e.name, one) for e in endpoints.found)],
    )  # fmt: skip


async def test_pbx(request: Request) -> web.StreamResponse:
    """Ask the PBX everything that we need of it."""
    findings = await _examine(_needed(request.deps.telephony))
    return request.fragment("pbx_findings.html", findings=findings)


async def choose_lines(request: Request) -> web.StreamResponse:
    """Store what was ticked, then tell the connector; other processes follow."""
    telephony = _needed(request.deps.telephony)
    if _is_fixed(request):
        raise Conflict(
            "settings.fixed", "File or environment say this; change it there.",
            "The setting is HUB_AMI__TRUNKS.",
        )  # fmt: skip
    ticked = [name for name in request.form.getall("line", []) if 0 < len(name) <= 100]
    more = [part for part in request.form.get("patterns", "").replace(",", " ").split() if len(part) <= 100]
    patterns = list(dict.fromkeys([*more, *(_literal(n) for n in ticked if not _is_matched(n, more))]))
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        await access.shops.set_option(TRUNKS, patterns)
        request.audit(uow, "settings.outside_lines", subject=", ".join(patterns))
    telephony.set_trunks(patterns)
    return request.redirect("/settings/pbx", notice=request.t("Saved. It counts for calls from now on."))


async def ask_endpoints(telephony: Telephony | None) -> Endpoints:
    """The PBX's endpoints; nobody waits for it longer than PATIENCE."""
    if telephony is None:
        return Endpoints((), "")
    try:
        async with asyncio.timeout(PATIENCE):
            return Endpoints(await telephony.endpoints(), "")
    except TimeoutError:
        return Endpoints((), "The PBX does not answer.")
    except ConnectorError as error:
        return Endpoints((), error.text)


async def _examine(telephony: Telephony) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(PATIENCE * 3):
            return await telephony.examine()
    except TimeoutError:
        return [Finding(level="problem", text="The PBX does not answer.", hint="Check the network to it.")]
    except ConnectorError as error:
        return [Finding(level="problem", text=error.text)]


async def _patterns(request: Request) -> list[str]:
    if _is_fixed(request):
        return list(request.deps.settings.ami.trunks)
    async with request.reading() as uow:
        stored = await AccessApi(uow, request.deps).shops.option(TRUNKS)
    return (
        [str(one) for one in stored] if isinstance(stored, list) else list(request.deps.settings.ami.trunks)
    )


def _is_fixed(request: Request) -> bool:
    return "ami.trunks" in request.deps.settings.given


def _needed(telephony: Telephony | None) -> Telephony:
    if telephony is None:
        raise Unavailable("pbx.off", "There is no line to a PBX.", "Set HUB_AMI__HOST and start again.")
    return telephony


def _is_matched(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _literal(name: str) -> str:
    """The pattern that fits this name alone."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


routes = (
    FreeRoute(method="GET", path="/settings", handler=overview, right="settings.view", name="web.settings"),
    FreeRoute(method="GET", path="/settings/pbx", handler=pbx, right="settings.view", name="web.pbx"),
    FreeRoute(
        method="POST", path="/settings/pbx/test", handler=test_pbx, right="settings.view",
        name="web.test_pbx",
    ),
    FreeRoute(
        method="POST", path="/settings/pbx/lines", handler=choose_lines, right="settings.edit",
        name="web.lines",
    ),
)  # fmt: skip
