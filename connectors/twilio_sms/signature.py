"""Twilio's signature over a form: HMAC of the address and of the parameters, sorted, written one behind the
other. Worked out on the bytes that came: what a decoder makes of them, the signer has not seen.

The signature pins neither where a parameter ends nor when it was made. So whoever asks here must take each
mandatory parameter exactly once and by a strict pattern, and must know for ever what was seen already, by
its Sid and by `Signed.covered`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

HEADER = "x-twilio-signature"
ALGORITHM = "x-twilio-webhooks-signature-settings"
MOST_FIELDS = 500
_LONGEST_SIGNATURE = 200
_HASHES = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}


class TooManyFields(ValueError):
    """No genuine form has so many."""


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters as bytes, in the order in which they came."""

    pairs: tuple[tuple[bytes, bytes], ...]

    def all(self, name: str) -> list[str]:
        """Every value of a parameter, as text; what is no text is shown as such."""
        wanted = name.encode()
        return [value.decode("utf-8", "replace") for key, value in self.pairs if key == wanted]

    def one(self, name: str) -> str | None:
        """Its value where it stands there exactly once."""
        found = self.all(name)
        return found[0] if len(found) == 1 else None

    @property
    def covered(self) -> bytes:
        """What the signature says of them: names and values without a mark between them, each distinct
        value of a name once."""
        values: dict[bytes, set[bytes]] = {}
        for name, value in self.pairs:
            values.setdefault(name, set()).add(value)
        return b"".join([name + value for name in sorted(values) for value in sorted(values[name])])


def form_of(raw: bytes) -> Form:
    """Reads `application/x-www-form-urlencoded`. Raises TooManyFields."""
    if raw.count(b"&") >= MOST_FIELDS:
        raise TooManyFields
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, encoding="latin-1", separator="&")
    return Form(tuple([(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]))


def addresses(url: str) -> Sequence[str]:
    """The address as the provider may have written it: with its port and without."""
    parts = urlsplit(url)
    port = {"https": 443, "http": 80}.get(parts.scheme)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    try:
        named = parts.port
    except ValueError:
        return [url]
    if named is None:
        return [url, _at(parts, f"{parts.netloc}:{port}")] if port else [url]
    return [url, _at(parts, host)]


def sign(token: str, url: str, form: Form, algorithm: str = "HMAC_SHA1") -> str:
    """The signature that belongs to it."""
    covered = url.encode("utf-8", "surrogateescape") + form.covered
    return base64.b64encode(hmac.new(token.encode(), covered, _HASHES[algorithm]).digest()).decode()


def is_signed(given: str, tokens: Iterable[str], url: str, form: Form, settings_header: str = "") -> bool:
    """Whether one of the tokens has signed it, in one of the ways that the address may be written."""
    algorithm = _algorithm(settings_header)
    if algorithm is None or not given or not given.isascii() or len(given) > _LONGEST_SIGNATURE:
        return False
    covered = form.covered
    is_right = False
    for token in tokens:
        for address in addresses(url):
            text = address.encode("utf-8", "surrogateescape") + covered
            made = base64.b64encode(hmac.new(token.encode(), text, algorithm).digest()).decode()
            is_right |= hmac.compare_digest(made, given.strip())
    return is_right


def proof(path: str, query: str, form: Form) -> bytes:
    """What tells one delivery from another, however its parts are cut."""
    head = f"{path}?{query}\n".encode("utf-8", "surrogateescape")
    return hashlib.sha256(head + form.covered).digest()


def _algorithm(header: str) -> str | None:
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return _HASHES.get(value.strip().upper())
    return _HASHES["HMAC_SHA1"]


def _at(parts: SplitResult, netloc: str) -> str:
    return parts._replace(netloc=netloc).geturl()
