"""The practice Twilio's HTTP: the API as the real one speaks it, and requests to the shop, signed as the real
one signs them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from connectors.loopback import LoopbackServer
from connectors.practice_twilio.account import Account, PracticeMessage

_PREFIX = "/2010-04-01/Accounts/{account}"
_SILENCE = 3600.0
_LONGEST = 1600
API_VERSION = "2010-04-01"


class PracticeTwilio(LoopbackServer):
    """A server on a loopback port. `sms_url` is where a client's message is brought, `public` how the shop
    writes its own address (the signature is over that), `reach` how it is reached."""

    def __init__(self, account: Account, *, public: str, reach: str = "", reports: bool = False) -> None:
        super().__init__()
        self.account = account
        self.public = public.rstrip("/")
        self.reach = reach.rstrip("/") or self.public
        self.reports = reports
        """Whether it reports by itself that everything was delivered."""

    def app(self) -> web.Application:
        """The routes of its API."""
        app = web.Application()
        app.router.add_get(f"{_PREFIX}.json", self._account)
        app.router.add_post(f"{_PREFIX}/Messages.json", self._create)
        app.router.add_get(f"{_PREFIX}/Messages.json", self._list)
        app.router.add_get(_PREFIX + "/Messages/{sid}.json", self._fetch)
        app.router.add_get(_PREFIX + "/Messages/{sid}/Media.json", self._media_list)
        app.router.add_get(_PREFIX + "/Messages/{sid}/Media/{media}", self._media)
        return app

    async def write(
        self, sender: str, to: str, body: str, media: Mapping[str, tuple[str, bytes]] | None = None,
        service: str | None = None,
    ) -> tuple[PracticeMessage, int]:  # fmt: skip
        """A client writes to the shop. The message, and what the shop answered (0: nothing)."""
        made = self.account.arrive(sender, to, body, media or {}, service)
        return made, await self.bring(made)

    async def bring(self, one: PracticeMessage) -> int:
        """Bring a client's message to the shop (again)."""
        return await self.post("/hooks/twilio/sms", self.form_of(one))

    async def report(self, one: PracticeMessage, status: str, error_code: int | None = None) -> int:
        """Say how far a message of the shop's has come."""
        one.status, one.error_code = status, error_code
        path = one.callback.removeprefix(self.public)
        form = {
            "MessageSid": one.sid, "SmsSid": one.sid, "MessageStatus": status, "SmsStatus": status,
            "AccountSid": self.account.sid, "From": one.sender, "To": one.to, "ApiVersion": API_VERSION,
        }  # fmt: skip
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        return await self.post(path, form) if one.callback else 0

    def form_of(self, one: PracticeMessage) -> dict[str, str]:
        """The parameters of a message, named as the real ones are."""
        form = {
            "ToCountry": "UA", "ToState": "", "SmsMessageSid": one.sid, "NumMedia": str(len(one.media)),
            "ToCity": "", "FromZip": "", "SmsSid": one.sid, "FromState": "", "SmsStatus": "received",
            "FromCity": "", "Body": one.body, "FromCountry": "UA", "To": one.to, "ToZip": "",
            "NumSegments": "1", "MessageSid": one.sid, "AccountSid": self.account.sid, "From": one.sender,
            "ApiVersion": API_VERSION,
        }  # fmt: skip
        if one.service:
            form["MessagingServiceSid"] = one.service
        for number, (sid, (kind, _)) in enumerate(one.media.items()):
            form[f"MediaContentType{number}"] = kind
            form[f"MediaUrl{number}"] = (
                f"https://api.twilio.com/2010-04-01/Accounts/{self.account.sid}/Messages/{one.sid}/Media/{sid}"
            )
        return form

    def signature(self, path: str, form: Mapping[str, str], token: str = "") -> str:
        """By the provider's own library."""
        signer = RequestValidator(token or self.account.tokens[0])
        return str(signer.compute_signature(self.public + path, dict(form)))

    async def post(self, path: str, form: Mapping[str, str]) -> int:
        """Send a signed form to the shop; the status of its answer, 0 for none."""
        if self.session is None:
            return 0
        headers = {"X-Twilio-Signature": self.signature(path, form), "User-Agent": "TwilioProxy/1.1"}
        try:
            async with self.session.post(self.reach + path, data=form, headers=headers) as answer:
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError):
            status = 0
        self.account.note("brought", path=path, sid=form.get("MessageSid", ""), answer=status)
        return status

    async def _account(self, request: web.Request) -> web.Response:
        if (refusal := self._stranger(request)) is not None:
            return refusal
        account = self.account
        return web.json_response(
            {"sid": account.sid, "friendly_name": account.name, "status": account.status, "type": "Full"}
        )

    async def _create(self, request: web.Request) -> web.Response:
        if (refusal := self._stranger(request)) is not None:
            return refusal
        posted = await request.post()
        form = {name: str(value) for name, value in posted.items()}
        mischief = self.account.mischief.popleft() if self.account.mischief else ""
        self.account.note("asked", to=form.get("To", ""), body=form.get("Body", ""), mischief=mischief)
        if mischief == "429":
            wait = self.account.retry_after
            return _error(429, 20429, "Too Many Requests", {"Retry-After": str(wait)} if wait else {})
        if mischief == "500":
            return _error(500, 20500, "Internal Server Error")
        if mischief == "silence":
            await asyncio.sleep(_SILENCE)
        if (fault := self._fault(form)) is not None:
            return _error(*fault)
        media = [await self._fetched(str(url)) for url in posted.getall("MediaUrl", [])]
        if None in media:
            return _error(400, 21620, "Invalid media URL(s)")
        made = self.account.create(form, [one for one in media if one is not None])
        if mischief.startswith("early "):
            await self.report(made, mischief.removeprefix("early "))
        if mischief == "lost" and request.transport is not None:
            request.transport.abort()
        if self.reports:
            self.errand(self._deliver(made))
        return web.json_response(self.account.shown(made), status=201)

    def _fault(self, form: Mapping[str, str]) -> tuple[int, int, str] | None:
        to = form.get("To", "")
        if to in self.account.refusals:
            return self.account.refusals[to]
        if not to.removeprefix("+").isdigit():
            return 400, 21211, f"Invalid 'To' Phone Number: {to}"
        if not form.get("Body") and not form.get("MediaUrl"):
            return 400, 21602, "Message body is required."
        if not form.get("From") and not form.get("MessagingServiceSid"):
            return 400, 21603, "A 'From' phone number is required."
        if len(form.get("Body", "")) > _LONGEST:
            return 400, 21617, "The concatenated message body exceeds the 1600 character limit"
        return None

    async def _fetched(self, url: str) -> tuple[str, bytes] | None:
        """A file of the shop's from the address that it names: its type and bytes."""
        if self.session is None or not url.startswith(self.public):
            return None
        try:
            async with self.session.get(self.reach + url.removeprefix(self.public)) as answer:
                found = (answer.content_type, await answer.read()) if answer.status == 200 else None
        except (TimeoutError, aiohttp.ClientError, OSError):
            found = None
        self.account.note(
            "fetched", url=url, kind=found[0] if found else "", size=len(found[1]) if found else 0
        )
        return found

    async def _deliver(self, made: PracticeMessage) -> None:
        for status in ("sent", "delivered"):
            await asyncio.sleep(0.5)
            await self.report(made, status)

    async def _list(self, request: web.Request) -> web.Response:
        if (refusal := self._stranger(request)) is not None:
            return refusal
        asked = request.query
        size, page = int(asked.get("PageSize", "50")), int(asked.get("Page", "0"))
        found = [
            one
            for one in reversed(self.account.messages.values())
            if asked.get("To", one.to) == one.to
            and asked.get("From", one.sender) == one.sender
            and one.created_at.date().isoformat() >= asked.get("DateSent>", "")[:10]
        ]
        self.account.note("listed", to=asked.get("To", ""))
        rest = dict(asked) | {"Page": str(page + 1), "PageToken": f"PA{page + 1}"}
        more = str(request.rel_url.with_query(rest)) if len(found) > (page + 1) * size else None
        shown = [self.account.shown(one) for one in found[page * size : (page + 1) * size]]
        return web.json_response(
            {
                "messages": shown, "page": page, "page_size": size, "next_page_uri": more,
                "previous_page_uri": None, "first_page_uri": request.path_qs, "uri": request.path_qs,
                "start": page * size, "end": page * size + max(0, len(shown) - 1),
            }
        )  # fmt: skip

    async def _fetch(self, request: web.Request) -> web.Response:
        if (refusal := self._stranger(request)) is not None:
            return refusal
        found = self.account.messages.get(request.match_info["sid"])
        return _gone(request) if found is None else web.json_response(self.account.shown(found))

    async def _media_list(self, request: web.Request) -> web.Response:
        if (refusal := self._stranger(request)) is not None:
            return refusal
        found = self.account.messages.get(request.match_info["sid"])
        if found is None:
            return _gone(request)
        place = f"/2010-04-01/Accounts/{self.account.sid}/Messages/{found.sid}/Media/"
        shown = [
            {"sid": sid, "content_type": kind, "parent_sid": found.sid, "uri": f"{place}{sid}.json"}
            for sid, (kind, _) in found.media.items()
        ]
        return web.json_response({"media_list": shown, "next_page_uri": None, "page": 0, "page_size": 50})

    async def _media(self, request: web.Request) -> web.Response:
        if (refusal := self._stranger(request)) is not None:
            return refusal
        found = self.account.messages.get(request.match_info["sid"])
        kept = found.media.get(request.match_info["media"]) if found is not None else None
        if kept is None:
            return _gone(request)
        return web.Response(body=kept[1], content_type=kept[0])

    def _stranger(self, request: web.Request) -> web.Response | None:
        """Basic authentication, as the real one asks for it."""
        given = request.headers.get("Authorization", "")
        known = [
            "Basic " + base64.b64encode(f"{self.account.sid}:{token}".encode()).decode()
            for token in self.account.tokens
        ]
        if given in known and request.match_info["account"] == self.account.sid:
            return None
        return _error(401, 20003, "Authenticate")


def _error(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {
        "code": code, "message": message, "status": status,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
    }  # fmt: skip
    return web.json_response(body, status=status, headers=headers)


def _gone(request: web.Request) -> web.Response:
    return _error(404, 20404, f"The requested resource {request.path} was not found")
