"""Pure rules of webhooks: who hears what, how it is signed, when it is tried again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

SECRET_PREFIX = "whsec_"  # noqa: S105 - the beginning of every secret, no secret
TEST_EVENT = "webhook.test"
_JITTER = 0.2
_LONGEST_PAUSE = 600.0


def hears(patterns: Collection[str], name: str) -> bool:
    """Whether an endpoint with these patterns is told of an event: by wire name, area, or all."""
    return "*" in patterns or name in patterns or f"{name.partition('.')[0]}.*" in patterns


def unknown_patterns(patterns: Collection[str], known: Collection[str]) -> list[str]:
    """Those that no event will ever fit."""
    areas = {f"{name.partition('.')[0]}.*" for name in known}
    return [pattern for pattern in patterns if pattern not in {"*", *areas, *known}]


def new_secret() -> str:
    """256 bits of chance, in the form that Standard Webhooks libraries take."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """`webhook-signature` of Standard Webhooks: one v1 part for each secret that counts."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    made = []
    for key in keys:
        raw = base64.b64decode(key.removeprefix(SECRET_PREFIX))
        made.append("v1," + base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode())
    return " ".join(made)


def headers_of(keys: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Every header of a delivery."""
    timestamp = int(at.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "Pitline-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(keys, message_id, timestamp, body),
    }


def wait_after(attempts: int, backoff: Sequence[float], chance: float) -> float:
    """Seconds until the next try after so many; `chance` from 0 to 1 spreads them by a fifth."""
    step = backoff[min(attempts, len(backoff)) - 1]
    return step * (1 - _JITTER + 2 * _JITTER * chance)


def pause_after(failures: int, backoff: Sequence[float], asked: float | None) -> float:
    """Seconds that a whole endpoint is left alone after so many failures in a row: while it is down
    one delivery knocks, not each of the thousands that wait."""
    own = 0.0 if failures < 2 else min(_LONGEST_PAUSE, backoff[min(failures - 1, len(backoff)) - 1])
    return max(own, asked or 0.0)


def body_of(row: Mapping[str, Any]) -> str:
    """The body for an outbox row: the event as the API gives it, `type` and `timestamp` besides. The
    stored payload goes in as it stands."""
    at = row["occurred_at"].astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {
        "type": row["name"], "timestamp": at, "id": row["id"], "rev": 1, "name": row["name"],
        "version": row["version"], "occurred_at": at, "shop_id": row["shop_id"], "key": row["key"],
        "cause_id": row["cause_id"],
    }  # fmt: skip
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "data": {row["payload"]}}}'


def moment_of(event_id: str) -> datetime:
    """When an id was made: its first ten characters are milliseconds."""
    number = 0
    for character in event_id[:10]:
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(character)
    return datetime.fromtimestamp(number / 1000, UTC)
