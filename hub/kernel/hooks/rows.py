"""A request as a row, and a row as a request again, bit by bit what came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hub.ports.hooks import Forged, Genuine, Hook, HookRequest

_LONGEST_IDENTITY = 200
_MOST_HEADERS = 16_000


def row_of(
    hook: Hook, request: HookRequest, judged: Genuine | Forged, row_id: str, owner: str
) -> dict[str, Any]:
    """Of `hook_requests` for a genuine one, of `hook_refused` for the others."""
    row: dict[str, Any] = {
        "id": row_id,
        "path": hook.path,
        "received_at": request.received_at,
        "sender": request.sender[:64],
        "method": request.method[:8],
        "query": _stored(request.query),
        "headers": _headers(request.headers),
        "body": request.body,
    }
    if isinstance(judged, Genuine):
        signed = judged.signed or _all_of(request)
        row["headers"] = _headers(
            {name: value for name, value in request.headers.items() if name not in hook.secret_headers}
        )
        return row | {"identity": _identity(judged.identity), "digest": _hash(signed), "owner": owner}
    return row | {"digest": _hash(_all_of(request)), "reason": judged.reason, "size": len(request.body)}


def request_of(row: Any) -> HookRequest:
    """The request of a stored row."""
    return HookRequest(
        method=row.method,
        path=row.path,
        query=_unstored(row.query),
        headers=json.loads(row.headers),
        body=bytes(row.body or b""),
        received_at=row.received_at,
        sender=row.sender,
    )


def _all_of(request: HookRequest) -> bytes:
    head = f"{request.method} {request.query}\n{_headers(_signatures(request.headers))}\n"
    return head.encode("utf-8", "surrogatepass") + request.body


def _signatures(headers: Mapping[str, str]) -> dict[str, str]:
    """What may prove it differs from one to the next; what proxies add does not matter."""
    return {name: value for name, value in headers.items() if "signature" in name or "token" in name}


def _headers(headers: Mapping[str, str]) -> str:
    """As JSON in ASCII: every byte of a header comes back, and any database takes it."""
    kept: dict[str, str] = {}
    size = 0
    for name in sorted(headers, key=lambda name: ("signature" not in name and "token" not in name, name)):
        size += len(name) + len(headers[name])
        if size <= _MOST_HEADERS:
            kept[name] = headers[name]
    return json.dumps(kept)


def _stored(text: str) -> str:
    """A raw query is ASCII, unless somebody is up to something."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1").replace("\x00", "%00")


def _unstored(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def _identity(text: str) -> str:
    if len(text) > _LONGEST_IDENTITY or "\x00" in text or not text.isprintable():
        return _hash(text.encode("utf-8", "surrogatepass"))
    return text


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
