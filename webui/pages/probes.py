"""For machines that look after machines: /healthz, /readyz, /metrics."""

from __future__ import annotations

from aiohttp import web

from hub.errors import NotSignedIn
from hub.kernel.web import PUBLIC
from webui.figures import HELP
from webui.guard import is_loopback
from webui.pipeline import FreeRoute
from webui.request import Request
from webui.system.frame import figures, look_around


async def health(_request: Request) -> web.StreamResponse:
    """Public: says that the process lives, nothing more."""
    return web.Response(text="ok\n")


async def ready(request: Request) -> web.StreamResponse:
    """Public: a load balancer asks it. 200 when database and relay work; connectors are told, not
    judged, for a shop works on when its PBX is away."""
    system = request.site.installation.system
    report = await system.report()
    is_ready = report.database_ok and report.relay_ok
    body = {
        "ready": is_ready,
        "database": report.database_ok,
        "relay": report.relay_ok,
        "connectors": {
            name: {"state": health.state, "since": health.since.isoformat(), "text": health.text}
            for name, health in system.connectors().items()
        },
    }
    return web.json_response(body, status=200 if is_ready else 503)


async def metrics(request: Request) -> web.StreamResponse:
    """Public for this machine itself; from elsewhere a token (or person) with `system.view`."""
    server = request.site.installation.settings.server
    if not request.viewer.can("system.view") and not is_loopback(request.http, server):
        raise NotSignedIn(
            "access.sign_in", "Please sign in.", "Send a Bearer token with the right system.view."
        )
    system = request.site.installation.system
    looked = await look_around(request, await system.report(), every=True)
    told = {**system.metrics(), **figures(looked)}
    lines: list[str] = []
    for name, value in sorted(told.items()):
        family = name.partition("{")[0]
        kind = f"# TYPE {family} {'counter' if family.endswith('_total') else 'gauge'}"
        if kind not in lines:
            lines += [f"# HELP {family} {HELP[family]}", kind] if family in HELP else [kind]
        lines.append(f"{name} {value:g}" if value == int(value) and abs(value) < 1e6 else f"{name} {value!r}")
    return web.Response(
        body=("\n".join(lines) + "\n").encode(), headers={"Content-Type": "text/plain; version=0.0.4"}
    )


routes = (
    FreeRoute(method="GET", path="/healthz", handler=health, right=PUBLIC, name="web.health"),
    FreeRoute(method="GET", path="/readyz", handler=ready, right=PUBLIC, name="web.ready"),
    FreeRoute(method="GET", path="/metrics", handler=metrics, right=PUBLIC, name="web.metrics"),
)
