"""Reading and writing SIP messages, as far as a scripted phone needs it."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field


class NotSip(ValueError):
    """The datagram is no SIP message (a keep-alive, for example)."""


@dataclass(slots=True)
class SipMessage:
    """One request or response, headers in their order."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @classmethod
    def parse(cls, data: bytes) -> SipMessage:
        """Read a datagram."""
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        if not start.startswith("SIP/2.0 ") and not start.endswith(" SIP/2.0"):
            raise NotSip(start[:40])
        headers = []
        for line in lines:
            name, _, value = line.partition(":")
            headers.append((name.strip().lower(), value.strip()))
        return cls(start, headers, body)

    def encode(self) -> bytes:
        """Write it as a datagram, with its length."""
        body = self.body.encode()
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def get(self, name: str) -> str:
        """The first header of this name, or empty."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def all(self, name: str) -> list[str]:
        """Every header of this name."""
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def is_request(self) -> bool:
        """A request, not a response."""
        return not self.start.startswith("SIP/2.0 ")

    @property
    def code(self) -> int:
        """The status of a response, 0 for a request."""
        return 0 if self.is_request else int(self.start.split()[1])

    @property
    def method(self) -> str:
        """The method, of a response too."""
        return self.start.split()[0] if self.is_request else self.get("cseq").split()[1]

    @property
    def sequence(self) -> int:
        """The number of its CSeq."""
        return int(self.get("cseq").split()[0])

    @property
    def display_name(self) -> str:
        """The caller's name as a desk phone would show it."""
        found = re.match(r'\s*"((?:[^"\\]|\\.)*)"', self.get("from"))
        return re.sub(r"\\(.)", r"\1", found.group(1)) if found else ""

    @property
    def media_port(self) -> int | None:
        """Where the other side wants its audio."""
        found = re.search(r"^m=audio (\d+)", self.body, re.MULTILINE)
        return int(found.group(1)) if found and found.group(1) != "0" else None

    @property
    def direction(self) -> str:
        """sendrecv, sendonly, recvonly or inactive, of its SDP."""
        found = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)", self.body, re.MULTILINE)
        return found.group(1) if found else "sendrecv"


def tag_of(header: str) -> str:
    """The tag of a From or To."""
    found = re.search(r";tag=([^;>\s]+)", header)
    return found.group(1) if found else ""


def without_tag(header: str) -> str:
    """A From or To as it was before tags."""
    return re.sub(r";tag=[^;>\s]+", "", header)


def address_of(header: str) -> str:
    """The URI of a From, To or Contact."""
    found = re.search(r"<([^>]+)>", header)
    return found.group(1) if found else header.split(";")[0].strip()


def user_of(header: str) -> str:
    """The user part of the URI in a header or a request line."""
    found = re.search(r"sips?:([^@;>\s]+)@", header)
    return found.group(1) if found else ""


def token(prefix: str = "") -> str:
    """A fresh tag, branch or Call-ID."""
    return prefix + secrets.token_hex(8)


def sdp(port: int, version: int, direction: str = "sendrecv") -> str:
    """An offer or answer: A-law and RFC 4733 digits on loopback."""
    lines = [
        "v=0",
        f"o=- 1 {version} IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {port} RTP/AVP 8 101",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=ptime:20",
        f"a={direction}",
    ]
    return "\r\n".join(lines) + "\r\n"


def credentials(challenge: str, method: str, uri: str, user: str, password: str) -> str:
    """The answer to a digest challenge (RFC 2617, MD5, with or without qop)."""
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.partition(" ")[2]))
    realm, nonce = given.get("realm", ""), given["nonce"]
    secret = _md5(f"{user}:{realm}:{password}")
    request = _md5(f"{method}:{uri}")
    fields = [f'username="{user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"', "algorithm=MD5"]
    if "opaque" in given:
        fields.append(f'opaque="{given["opaque"]}"')
    if "auth" in given.get("qop", ""):
        once = token()
        response = _md5(f"{secret}:{nonce}:00000001:{once}:auth:{request}")
        fields += ["qop=auth", "nc=00000001", f'cnonce="{once}"']
    else:
        response = _md5(f"{secret}:{nonce}:{request}")
    return "Digest " + ", ".join([*fields, f'response="{response}"'])


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
