"""The practice Telegram's HTTP: the Bot API as the real one speaks it, and updates, fetched or brought."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp import web

from connectors.loopback import LoopbackServer
from connectors.practice_telegram.methods import Methods, Refusal
from connectors.practice_telegram.people import People
from connectors.practice_telegram.world import Json, World

_SILENCE = 3600.0
_LARGEST = 60 * 1024 * 1024
_FULL = 100
_AGAIN = (0.05, 0.2, 1.0, 5.0)
_GAP, _PER_SECOND = 0.9, 30
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook"
    " first"
)


class PracticeTelegram(LoopbackServer):
    """A server on a loopback port. `reach`: where the shop is reached, whatever it says of its address.
    `is_strict`: whether it keeps Telegram's limits. `slow_after`: seconds that a long poll may take."""

    timeout = 60.0

    def __init__(self, world: World, *, reach: str = "", is_strict: bool = True) -> None:
        super().__init__()
        self.world = world
        self.people = People(world)
        self.reach = reach
        self.is_strict = is_strict
        self.slow_after = 60.0
        self._methods = Methods(world)
        self._webhook: Json = {}
        self._news = asyncio.Event()
        self._poll: asyncio.Future[None] | None = None
        self._sent: deque[float] = deque()
        self._chats: dict[str, float] = {}
        self._bringing: asyncio.Task[None] | None = None
        world.told = self._tell

    def app(self) -> web.Application:
        """The routes of its API."""
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._give)
        return app

    async def bring(self, update: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> int:
        """Bring an update to the shop (again); its answer, 0 for none."""
        if self.session is None:
            return 0
        sent = {"X-Telegram-Bot-Api-Secret-Token": self._webhook.get("secret_token", "")}
        url = (self.reach or "") + "/hooks/telegram" if self.reach else str(self._webhook.get("url"))
        try:
            async with self.session.post(url, json=update, headers=sent if headers is None else headers) as a:
                status = a.status
        except (TimeoutError, aiohttp.ClientError, OSError):
            status = 0
        self.world.note("brought", id=update.get("update_id"), answer=status)
        return status

    def _tell(self) -> None:
        self._news.set()
        if self._webhook and (self._bringing is None or self._bringing.done()):
            self._bringing = self.errand(self._bring_all())

    async def _bring_all(self) -> None:
        """One after another, until the shop has taken it."""
        tries = 0
        while self._webhook and (waiting := self.world.waiting()):
            status = await self.bring(waiting[0])
            if 200 <= status < 300:
                self.world.done(waiting[0]["update_id"])
                tries = 0
                continue
            self._webhook |= {
                "last_error_date": int(self.world.clock.now().timestamp()),
                "last_error_message": f"Wrong response from the webhook: {status}",
            }
            await asyncio.sleep(_AGAIN[min(tries, len(_AGAIN) - 1)])
            tries += 1

    async def _call(self, request: web.Request) -> web.StreamResponse:
        token, method = request.match_info["token"], request.match_info["method"]
        form, files = await _form_of(request)
        if token != self.world.token:
            is_token = token.partition(":")[0].isdigit() and ":" in token
            return _no(401 if is_token else 404, "Unauthorized" if is_token else "Not Found")
        own = {
            "getUpdates": self._updates, "setWebhook": self._set, "deleteWebhook": self._unset,
            "getWebhookInfo": self._info,
        }.get(method)  # fmt: skip
        if own is not None:
            return await own(form)
        return await self._carried_out(request, method, form, files)

    async def _carried_out(
        self, request: web.Request, method: str, form: Json, files: Mapping[str, tuple[str, bytes]]
    ) -> web.StreamResponse:
        world, is_send = self.world, method.startswith("send")
        world.note("asked", method=method, chat=form.get("chat_id"))
        mischief = world.mischief.popleft() if is_send and world.mischief else ""
        if (late := self._penalty(method, form, mischief)) is not None:
            return late
        if mischief == "500":
            return _no(500, "Internal Server Error: restart")
        if mischief == "502":
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        if mischief == "silence":
            await asyncio.sleep(_SILENCE)
        work = self._methods.table.get(method)
        if work is None:
            return _no(404, "Not Found: method not found")
        try:
            result = work(form, files)
        except Refusal as refusal:
            world.note("refused", method=method, why=refusal.description)
            return _no(refusal.status, refusal.description, refusal.parameters)
        if mischief == "lost" and request.transport is not None:
            request.transport.abort()
        return web.json_response({"ok": True, "result": result})

    def _penalty(self, method: str, form: Json, mischief: str) -> web.Response | None:
        """A 429 stops the whole bot."""
        world, now = self.world, time.monotonic()
        left = world.penalty_until - now
        if left > 0:
            world.note("during_penalty", method=method)
            return _slow(max(1, round(left)))
        wait = world.retry_after if mischief == "429" else self._too_fast(method, form, now)
        if not wait:
            return None
        world.penalty_until = now + wait
        world.note("slowed", method=method, wait=wait)
        return _slow(wait)

    def _too_fast(self, method: str, form: Json, now: float) -> int:
        if not self.is_strict or not method.startswith("send"):
            return 0
        while self._sent and now - self._sent[0] > 1.0:
            self._sent.popleft()
        chat = str(form.get("chat_id"))
        if len(self._sent) >= _PER_SECOND or now - self._chats.get(chat, 0.0) < _GAP:
            return 1
        self._sent.append(now)
        self._chats[chat] = now
        return 0

    async def _updates(self, form: Json) -> web.StreamResponse:
        if self._webhook:
            return _no(409, WEBHOOK_ACTIVE)
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        mine = self._poll = asyncio.get_running_loop().create_future()
        offset, limit = int(form.get("offset") or 0), min(int(form.get("limit") or _FULL), _FULL)
        if offset > 0:
            self.world.confirm(offset)
        ends = time.monotonic() + min(float(form.get("timeout") or 0), self.slow_after)
        while not (found := self.world.waiting()) and time.monotonic() < ends:
            self._news.clear()
            news = asyncio.ensure_future(self._news.wait())
            await asyncio.wait(
                {news, mine}, timeout=ends - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
            )
            news.cancel()
            if mine.done():
                return _no(409, CONFLICT)
        self.world.note("polled", offset=offset, given=len(found[:limit]))
        return web.json_response({"ok": True, "result": found[:limit]})

    async def _set(self, form: Json) -> web.StreamResponse:
        self._webhook = {"url": form.get("url", ""), "secret_token": form.get("secret_token", "")}
        self._tell()
        return web.json_response({"ok": True, "result": True})

    async def _unset(self, _form: Json) -> web.StreamResponse:
        self._webhook = {}
        return web.json_response({"ok": True, "result": True})

    async def _info(self, _form: Json) -> web.StreamResponse:
        shown = {name: value for name, value in self._webhook.items() if name != "secret_token"}
        result = {"url": "", "pending_update_count": len(self.world.waiting()), **shown}
        return web.json_response({"ok": True, "result": result})

    async def _give(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        kept = next((one for one in self.world.files.values() if one.path == path), None)
        if request.match_info["token"] != self.world.token or kept is None:
            return _no(404, "Not Found")
        return web.Response(body=kept.data, content_type="application/octet-stream")


async def _form_of(request: web.Request) -> tuple[Json, dict[str, tuple[str, bytes]]]:
    """Parameters, wherever they were put, and what was uploaded."""
    form: Json = dict(request.query)
    files: dict[str, tuple[str, bytes]] = {}
    if request.content_type == "application/json":
        body = json.loads(await request.read() or b"{}")
        return form | {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()
        }, files
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = (value.filename, value.file.read())
        else:
            form[name] = value if isinstance(value, str) else bytes(value).decode()
    return form, files


def _no(status: int, description: str, parameters: Mapping[str, Any] | None = None) -> web.Response:
    body: Json = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = dict(parameters)
    return web.json_response(body, status=status)


def _slow(wait: int) -> web.Response:
    return _no(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
