"""A request as pages see it (hub.kernel.web.PageRequest), with what our own pages need besides."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import web
from markupsafe import Markup
from multidict import MultiDict, MultiMapping

from hub.kernel.context import Apis, Deps, UnitOfWork
from hub.kernel.installation import Installation
from hub.kernel.masking import hidden, without_stored_numbers
from hub.kernel.texts import LANGUAGES, Texts
from hub.kernel.web import Upload, Viewer
from hub.modules.access.api import AccessApi
from webui.door import Door, Visitor
from webui.errors import wants_json
from webui.files import Files
from webui.guard import CSRF_FIELD, STYLE_NONCE, Cookies, csrf_token
from webui.package import Package
from webui.render import Renderer

if TYPE_CHECKING:
    from webui.live import Sockets
    from webui.menu import Menu

T = TypeVar("T")
NOTICE_SECONDS = 60
ROLE_NAMES: Mapping[str, str] = {
    "owner": "Owner",
    "manager": "Manager",
    "receptionist": "Receptionist",
    "master": "Master",
    "mechanic": "Mechanic",
    "storekeeper": "Storekeeper",
    "cashier": "Cashier",
    "accountant": "Accountant",
    "fleet_manager": "Fleet manager",
    "integration": "Integration",
}
LONGEST_NOTICE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the whole web admin shares; made once by make_app."""

    installation: Installation
    deps: Deps
    cookies: Cookies
    texts: Texts
    files: Files
    renderer: Renderer
    door: Door
    sockets: Sockets
    menu: Menu
    package: Package
    setup_code: str
    summaries: Mapping[str, str]
    """What each operation of the API does, by its name."""
    secret_paths: tuple[str, ...]
    """The beginnings of addresses that are secrets themselves."""


@dataclass(slots=True, kw_only=True)
class Request:
    """Implements PageRequest. `form` is filled before the page runs; `uow` while it runs."""

    site: Site
    http: web.Request
    visitor: Visitor
    id: str
    address: str
    action: str = ""
    """The name of the route, under which what is done is audited."""
    notes: int = 0
    """How many entries of the audit log were made for it."""
    form: MultiMapping[str] = field(default_factory=MultiDict)
    upload: Upload | None = None
    unit: UnitOfWork | None = None
    prepared: Any = None
    second: str | None = None
    _apis: Apis | None = None
    _spoken: str = ""

    @property
    def viewer(self) -> Viewer:
        return self.visitor.viewer

    @property
    def uow(self) -> UnitOfWork:
        if self.unit is None:
            raise RuntimeError("this page opens its units of work itself")
        return self.unit

    @property
    def apis(self) -> Apis:
        if self._apis is None:
            self._apis = Apis(self.uow, self.deps, self.site.installation.apis)
        return self._apis

    @property
    def deps(self) -> Deps:
        return self.site.deps

    @property
    def path(self) -> Mapping[str, str]:
        return self.http.match_info

    @property
    def about(self) -> str:
        """What the address names, for the audit log; the secret of a one-time link stays out of it."""
        return " ".join(value for name, value in self.path.items() if name != "token")

    @property
    def query(self) -> MultiMapping[str]:
        return self.http.query

    @property
    def is_fragment(self) -> bool:
        return self.http.headers.get("HX-Request") == "true"

    @property
    def language(self) -> str:
        """The viewer's language, one of ours."""
        wanted = self._spoken or self.viewer.language
        return wanted if wanted in LANGUAGES else "en"

    def speak(self, language: str) -> None:
        self._spoken = language

    def t(self, text: str, **values: object) -> str:
        said = self.site.texts.say(self.language, text, values)
        return without_stored_numbers(said) if values and not self.viewer.sees_numbers else said

    def seen(self, value: T) -> T:
        if self.viewer.sees_numbers:
            return value
        return hidden(value, frozenset(one for one in self.form.values() if isinstance(one, str)))

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """For pages that open their units of work themselves."""
        viewer = self.viewer
        return self.site.installation.transactions.reading(actor=viewer.actor, shop_id=viewer.shop_id)

    @asynccontextmanager
    async def writing(self, *, is_noted: bool = True) -> AsyncIterator[UnitOfWork]:
        """The same for changes; committed when it is left. What it changes is audited under the name of
        the route, unless the page has made an entry itself, or `is_noted` is False: for counters."""
        viewer = self.viewer
        transactions = self.site.installation.transactions
        async with transactions.writing(actor=viewer.actor, shop_id=viewer.shop_id) as uow:
            if is_noted:
                AccessApi(uow, self.deps).audit.follow()
            before = self.notes
            yield uow
            if is_noted and self.notes == before:
                self.audit(uow, self.action)

    def audit(
        self,
        uow: UnitOfWork,
        action: str,
        *,
        outcome: str = "done",
        subject: str = "",
        actor: str | None = None,
    ) -> None:
        """Write down who did it, from where, in which request; with what the unit of work changes."""
        self.notes += 1
        AccessApi(uow, self.deps).audit.add(
            action, outcome, subject=subject or self.about, actor=actor,
            address=self.address, request_id=self.id,
        )  # fmt: skip

    def begin(self, unit: UnitOfWork | None) -> None:
        """A new try with a new unit of work."""
        self.unit, self._apis = unit, None

    def html(self, template: str, **values: object) -> str:
        """As Markup: a page may put it into another one, where it is not escaped again."""
        text = self.site.renderer.html(self.language, template, {**self._basics(), **self.seen(values)})
        return Markup(text)  # noqa: S704 - a rendered template, which has escaped what it was given

    def fragment(self, template: str, *, status: int = 200, **values: object) -> web.Response:
        return web.Response(text=self.html(template, **values), status=status, content_type="text/html")

    def page(self, template: str, *, status: int = 200, **values: object) -> web.Response:
        notice = self._read_notice()
        shell = {**self.site.menu.shell(self), "notice": notice}
        response = self.fragment(template, status=status, shell=shell, **values)
        if self.site.cookies.notice in self.http.cookies:
            self.site.cookies.drop(response, self.site.cookies.notice)
        return response

    def redirect(self, location: str, *, notice: str = "") -> web.Response:
        if wants_json(self.http) and self.http.method not in ("GET", "HEAD"):
            return web.json_response({"location": location, "notice": notice})
        response = web.Response(status=303, headers={"Location": location})
        if self.is_fragment:
            response = web.Response(status=200, headers={"HX-Redirect": location})
        if notice:
            self.site.cookies.put(
                response, self.site.cookies.notice, self._sign(notice[:LONGEST_NOTICE]), NOTICE_SECONDS
            )
        return response

    def _basics(self) -> dict[str, Any]:
        place = self.deps.places.of(self.viewer.shop_id)
        token = csrf_token(self.visitor.session_token)
        hidden = Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token)
        return {
            "viewer": self.viewer,
            "may": self.viewer.can,
            "in_package": self.site.package.has,
            "csrf_token": token,
            "csrf": lambda: hidden,
            "style_nonce": self._style_nonce,
            "path": self.http.path,
            "zone": place.zone,
            "country": place.country,
            "request_id": self.id,
            "role_name": self._role_name,
            "role_choices": lambda roles: [(role, own or self._role_name(role)) for role, own in roles],
        }

    def _style_nonce(self) -> str:
        """Made when a page asks for it; the same for all of the page."""
        if STYLE_NONCE not in self.http:
            self.http[STYLE_NONCE] = secrets.token_urlsafe(16)
        return self.http[STYLE_NONCE]

    def _role_name(self, role: str) -> str:
        return self.t(ROLE_NAMES.get(role, role))

    def _sign(self, text: str) -> str:
        body = base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode()
        return f"{body}.{self._seal(body)}"

    def _seal(self, body: str) -> str:
        key = b"notice:" + self.visitor.session_token.encode("utf-8", "surrogatepass")
        return hmac.new(key, body.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def _read_notice(self) -> str:
        body, _, seal = self.http.cookies.get(self.site.cookies.notice, "").rpartition(".")
        if not body or not hmac.compare_digest(seal.encode("utf-8", "replace"), self._seal(body).encode()):
            return ""
        try:
            return base64.urlsafe_b64decode(body).decode("utf-8")
        except (binascii.Error, ValueError):
            return ""


PAGE = web.RequestKey("page", Request)


def own_path(text: str | None) -> str:
    """Where to go after signing in: a path of ours, nothing else."""
    if not text or not text.startswith("/") or len(text) > 500 or any(c in text for c in "\\\r\n\t\0"):
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc or text.startswith("//") else text
