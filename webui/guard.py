"""Who is at the other end of a request, and whether a browser was sent here by somebody else's page."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

from hub.errors import NotAllowed
from hub.settings import ServerSettings

REQUEST_ID = web.RequestKey("request_id", str)
RATE = web.RequestKey("rate", dict[str, str])
STYLE_NONCE = web.RequestKey("style_nonce", str)
"""Of a page whose scripts draw with styles of their own: they carry it, and its policy names it."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names of the cookies; with https they may belong to this host alone."""

    session: str
    device: str
    notice: str
    step: str
    is_secure: bool

    @classmethod
    def of(cls, server: ServerSettings) -> Cookies:
        """As the public address says."""
        secure = server.public_url.lower().startswith("https://")
        prefix = "__Host-" if secure else ""
        return cls(
            session=f"{prefix}pitline",
            device=f"{prefix}pitline_device",
            notice=f"{prefix}pitline_notice",
            step=f"{prefix}pitline_step",
            is_secure=secure,
        )

    def put(self, response: web.StreamResponse, name: str, value: str, seconds: int | None = None) -> None:
        """HttpOnly, SameSite=Lax, for the whole site."""
        response.set_cookie(
            name, value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=self.is_secure
        )

    def drop(self, response: web.StreamResponse, name: str) -> None:
        """Take it away, with the same attributes."""
        response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=self.is_secure)


def client_address(request: web.Request, server: ServerSettings) -> str:
    """The address of whoever asks. X-Forwarded-For counts only as far as trusted proxies wrote it."""
    peername = request.transport.get_extra_info("peername") if request.transport else None
    address = str(peername[0]) if isinstance(peername, tuple) and peername else ""
    if not server.trusted_proxies:
        return address
    hops = [hop.strip() for hop in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
    while hops and _is_in(address, server.trusted_proxies):
        hop = hops.pop()
        if not _is_address(hop):
            break
        address = hop
    return address


def check_transport(request: web.Request, server: ServerSettings, address: str) -> None:
    """Without https only one's own network is served: on the open Internet everybody on the way could
    read along. Raises NotAllowed."""
    if not _is_open(address) or _is_in(address, server.plain_http_from):
        return
    is_https = server.public_url.lower().startswith("https://") and (
        request.headers.get("X-Forwarded-Proto", "https").rpartition(",")[2].strip().lower() == "https"
    )
    peername = request.transport.get_extra_info("peername") if request.transport else None
    if not is_https or _is_open(str(peername[0]) if isinstance(peername, tuple) and peername else ""):
        raise NotAllowed(
            "request.plain_http", "From outside, Pitline is open over https only.",
            "Use the https address. Whoever looks after Pitline puts a proxy with https in front of it.",
        )  # fmt: skip


@lru_cache(maxsize=4096)
def _is_open(address: str) -> bool:
    """Whether it is an address of the open Internet."""
    return _is_address(address) and ip_address(address).is_global


def is_loopback(request: web.Request, server: ServerSettings) -> bool:
    """Whether it can only be somebody at this machine: no proxy stands between, we listen here alone, and
    it was this machine that was asked for. A stranger's page whose name leads here (DNS rebinding) makes
    the browser at this machine ask by that name."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    if not _is_this_machine(request.host) or not _is_open_here_alone(server):
        return False
    peername = request.transport.get_extra_info("peername") if request.transport else None
    peer = str(peername[0]) if isinstance(peername, tuple) and peername else ""
    host = "127.0.0.1" if server.host == "localhost" else server.host
    return all(_is_address(one) and ip_address(one).is_loopback for one in (peer, host))


def origin_is_ours(request: web.Request, server: ServerSettings) -> bool | None:
    """Whether the page that sent this is ours: True, False, or None where the browser does not say."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return None if origin is None else same_origin(request, origin, server)


def same_origin(request: web.Request, origin: str, server: ServerSettings) -> bool:
    """Whether an Origin header names us, by the public address or the one that was asked for."""
    try:
        asked = urlsplit(origin)
        public = urlsplit(server.public_url)
    except ValueError:
        return False
    if server.public_url and (asked.scheme, asked.netloc) == (public.scheme, public.netloc):
        return True
    return asked.scheme in ("http", "https") and asked.netloc != "" and asked.netloc == request.host


def csrf_token(session_token: str) -> str:
    """What forms of this session carry: nobody can tell it without the cookie."""
    return hashlib.sha256(b"csrf:" + session_token.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def check_csrf(request: web.Request, server: ServerSettings, session_token: str, sent: str) -> None:
    """Refuse a change that another site's page may have started. Every present browser says where a
    request comes from; one that does not must show the session's own token."""
    is_ours = origin_is_ours(request, server)
    right = hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), csrf_token(session_token).encode())
    if is_ours is False or (is_ours is None and not right) or (sent and not right):
        raise NotAllowed(
            "request.cross_site", "This form was not sent from a page of Pitline.",
            "Reload the page and try again.",
        )  # fmt: skip


def _is_open_here_alone(server: ServerSettings) -> bool:
    """Whether the world knows no address of ours, or one that leads nobody here but us (the demo's)."""
    try:
        return not server.public_url or _is_this_machine(urlsplit(server.public_url).netloc)
    except ValueError:
        return False


def _is_this_machine(host: str) -> bool:
    """Whether a Host header names this machine by the one name that nobody else can have, or by address."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or (_is_address(name) and ip_address(name).is_loopback)


@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    if not networks or not _is_address(address):
        return False
    try:
        return any(ip_address(address) in ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False
