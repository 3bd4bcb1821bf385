"""The practice provider's HTTP: the API as the documentation of TurboSMS has it, and reports to the shop."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp import web

from connectors.loopback import LoopbackServer
from connectors.practice_provider.account import PracticeShortMessage, ProviderAccount, has_viber

_SILENCE = 3600.0
_STEP = 0.5
OK, STOPLIST = (0, "OK"), (404, "NOT_ALLOWED_NUMBER_STOPLIST")
_DLR = {
    "Delivered": "DELIVRD",
    "Read": "READ",
    "Undelivered": "UNDELIV",
    "Expired": "EXPIRED",
    "Sent": "ENROUTE",
}


class PracticeProvider(LoopbackServer):
    """A server on a loopback port. `hook` is where reports are brought; `reports`: whether it brings messages
    on their way by itself, and tells."""

    def __init__(self, account: ProviderAccount, *, hook: str = "", reports: bool = False) -> None:
        super().__init__()
        self.account = account
        self.hook = hook
        self.reports = reports

    def app(self) -> web.Application:
        """The routes of its API."""
        app = web.Application()
        app.router.add_post("/message/send.json", self._send)
        app.router.add_post("/message/status.json", self._status)
        app.router.add_post("/user/balance.json", self._balance)
        return app

    def report_of(self, one: PracticeShortMessage, word: str, identity: str = "") -> dict[str, Any]:
        """A report as it is brought, signed over its own id alone."""
        identity = identity or secrets.token_hex(8)
        proof = hashlib.sha1(f"{self.account.secret}{identity}".encode()).hexdigest()  # noqa: S324 - as the provider does
        data = {"message_id": one.id, "status": word, "type": one.leg, "dlr_date": "2026-11-28 12:00:00"}
        return {"id": identity, "type": "dlr", "signature": proof, "data": data}

    async def report(self, one: PracticeShortMessage, status: str, leg: str = "") -> int:
        """It has come so far, and the shop is told."""
        self.account.move(one, status, leg)
        return await self.bring(self.report_of(one, _DLR.get(status, status)))

    async def bring(self, report: Mapping[str, Any]) -> int:
        """Bring a report to the shop (again); what it answered, 0: nothing."""
        if self.session is None or not self.hook:
            return 0
        try:
            async with self.session.post(self.hook, json=report) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = 0
        self.account.note("brought", report=report["id"], answer=status)
        return status

    async def _send(self, request: web.Request) -> web.Response:
        if (refusal := self._stranger(request)) is not None:
            return refusal
        raw = await request.read()
        body = json.loads(raw)
        mischief = self.account.mischief.popleft() if self.account.mischief else ""
        self.account.note("asked", sequence=body.get("sequence_id", ""), mischief=mischief)
        if mischief == "429":
            return web.Response(status=429, headers={"Retry-After": "7"})
        if mischief == "500":
            return web.Response(status=500, text="Internal Server Error")
        if mischief == "page":
            return web.Response(text="<html>come back later</html>", content_type="text/html")
        if mischief == "silence":
            await asyncio.sleep(_SILENCE)
        answer = self._answer(body, raw)
        if mischief == "lost" and request.transport is not None:
            request.transport.abort()
        if mischief == "broken":
            return web.Response(status=502, text="Bad Gateway")
        return web.json_response(answer)

    def _answer(self, body: Mapping[str, Any], raw: bytes) -> dict[str, Any]:
        sequence = str(body.get("sequence_id", ""))
        known = self.account.sequences.get(sequence) if sequence else None
        if known is not None and self.account.remembers:
            return {**known[1], "response_code": 507, "response_status": "FAILED_DUPLICATE_REQUEST"}
        if self.account.is_empty:
            return _said(203, "REQUIRED_BALANCE")
        sms, viber = body.get("sms") or {}, body.get("viber") or {}
        if not (sms.get("sender") or viber.get("sender")):
            return _said(200, "REQUIRED_MESSAGE_SENDER")
        if not (sms.get("text") or viber.get("text")):
            return _said(201, "REQUIRED_MESSAGE_TEXT")
        if "ttl" in viber and not isinstance(viber["ttl"], int):
            return _said(306, "INVALID_TTL")
        results = [self._taken(str(phone), viber, sms) for phone in body.get("recipients", ())]
        whole = all(one["response_code"] == 0 for one in results)
        answer = (
            _said(800, "SUCCESS_MESSAGE_ACCEPTED")
            if whole
            else _said(802, "SUCCESS_MESSAGE_PARTIAL_ACCEPTED")
        )
        answer["response_result"] = results
        if sequence:
            self.account.sequences[sequence] = (raw, answer)
        return answer

    def _taken(self, phone: str, viber: dict[str, Any], sms: dict[str, Any]) -> dict[str, Any]:
        if phone in self.account.refusals:
            code, word = self.account.refusals[phone]
            return {"phone": phone, "response_code": code, "message_id": None, "response_status": word}
        if not phone.isdigit() or len(phone) < 10:
            return {
                "phone": phone, "response_code": 305, "message_id": None, "response_status": "INVALID_PHONE",
            }  # fmt: skip
        made = self.account.create(phone, viber, sms)
        if self.reports:
            self.errand(self._deliver(made))
        return {"phone": phone, "response_code": 0, "message_id": made.id, "response_status": "OK"}

    async def _deliver(self, made: PracticeShortMessage) -> None:
        """By Viber to whoever has it, else by SMS."""
        await asyncio.sleep(_STEP)
        await self.report(made, "Sent")
        await asyncio.sleep(_STEP)
        if made.leg == "viber" and not has_viber(made.phone):
            await self.report(made, "Undelivered")
            await asyncio.sleep(_STEP)
            await self.report(made, "Sent", "sms")
            await asyncio.sleep(_STEP)
        await self.report(made, "Delivered")

    async def _status(self, request: web.Request) -> web.Response:
        if (refusal := self._stranger(request)) is not None:
            return refusal
        asked = json.loads(await request.read()).get("messages", [])
        self.account.note("status", ids=asked)
        return web.json_response({**_said(*OK), "response_result": [self._state_of(one) for one in asked]})

    def _state_of(self, asked: str) -> dict[str, Any]:
        one = self.account.messages.get(asked)
        if one is None:
            return {"message_id": asked, "response_code": 414, "response_status": "NOT_ALLOWED_MESSAGE_ID"}
        return {
            "message_id": one.id, "response_code": 0, "recipient": one.phone,
            "sent": one.created_at.strftime("%Y-%m-%d %H:%M:%S"), "updated": None, "status": one.status,
            "type": one.leg, "rejected_status": "", "click_time": None, "response_status": "OK",
        }  # fmt: skip

    async def _balance(self, request: web.Request) -> web.Response:
        if (refusal := self._stranger(request)) is not None:
            return refusal
        return web.json_response({**_said(*OK), "response_result": {"balance": self.account.balance}})

    def _stranger(self, request: web.Request) -> web.Response | None:
        """Its answer is always a 200; the code tells."""
        if request.headers.get("Authorization") == f"Bearer {self.account.token}":
            return None
        return web.json_response(_said(301, "INVALID_TOKEN"))


def _said(code: int, status: str) -> dict[str, Any]:
    return {"response_code": code, "response_status": status, "response_result": None}
