"""The deliveries' way through the database: written with the fact, claimed by a sender, settled. All
synchronous Core statements, so that they run in any transaction."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.sealing.seal import Seal
from hub.kernel.storage.prepared import Prepared
from hub.kernel.stream.outbox import moment
from hub.modules.webhooks.models import DELIVERED, PARKED, PENDING, Attempt, Delivery, Endpoint
from hub.modules.webhooks.rules import TEST_EVENT, body_of, hears, moment_of, pause_after, wait_after
from hub.modules.webhooks.sealing import opened, opened_former
from hub.settings import WebhooksSettings

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_GONE = 410
_SPARE = 30.0
"""Seconds that a claim outlives the request that it was made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that is ours to send until the lease ends."""

    delivery_id: str
    endpoint_id: str
    token: str
    attempts: int
    queued_at: datetime
    message_id: str
    event_name: str
    url: str
    keys: tuple[str, ...]
    """The secrets that sign; none: they cannot be opened."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a try went. `status` None: nothing was answered, `error` says why."""

    at: datetime
    ms: int
    status: int | None = None
    error: str = ""
    answer: bytes = b""
    retry_after: float | None = None

    @property
    def is_taken(self) -> bool:
        """Any 2xx says that it was taken."""
        return self.status is not None and 200 <= self.status < 300


def new_number(event_id: str) -> str:
    """A delivery's id: it sorts by when the event was made."""
    return event_id[:10] + "".join(secrets.choice(_ALPHABET) for _ in range(16))


def observe(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Write what there is to tell of new facts, in their own transaction; whether there is anything."""
    endpoints = _LISTENING.all(connection, {})
    if not endpoints:
        return False
    hearing = [(one.id, one.shop_id, json.loads(one.events)) for one in endpoints]
    return write(connection, hearing, rows) > 0


def write(
    connection: Connection,
    endpoints: Sequence[tuple[str, str | None, Sequence[str]]],
    rows: Sequence[Mapping[str, Any]],
) -> int:
    """Deliveries of these outbox rows for those of the endpoints that hear them; how many are new."""
    made = [
        {
            "id": new_number(row["id"]), "rev": 1, "endpoint_id": endpoint_id, "event_id": row["id"],
            "event_name": row["name"], "body": body_of(row), "state": PENDING, "attempts": 0,
            "not_before": 0.0, "claimed_until": 0.0, "queued_at": moment_of(row["id"]), "last_error": "",
        }
        for row in rows
        for endpoint_id, shop_id, patterns in endpoints
        if shop_id in (None, row["shop_id"]) and hears(patterns, row["name"])
    ]  # fmt: skip
    if not made:
        return 0
    if connection.dialect.name == "sqlite":
        return connection.execute(_INSERT_SQLITE, made).rowcount
    return len(connection.execute(_INSERT_POSTGRES, made).all())


def is_due(connection: Connection, clock: Clock) -> bool:
    """Whether a claim would find anything."""
    now = moment(connection, clock)
    return bool(connection.scalar(select(exists().where(*_due(now)))))


def claim(connection: Connection, clock: Clock, settings: WebhooksSettings, seal: Seal) -> list[Claim]:
    """Take what is due: of each endpoint as many as may run at once, of one that fails a single one."""
    now = moment(connection, clock)
    claims: list[Claim] = []
    due = select(Endpoint.__table__).where(Endpoint.id.in_(select(Delivery.endpoint_id).where(*_due(now))))
    for endpoint in connection.execute(due).all():
        running = select(func.count()).where(
            Delivery.endpoint_id == endpoint.id, _IS_PENDING, Delivery.claimed_until > now
        )
        at_once = 1 if endpoint.failures else settings.at_once
        room = at_once - (connection.scalar(running) or 0)
        if room > 0:
            claims += _take(connection, endpoint, room, now, settings, _keys(endpoint, seal, clock.now()))
    return claims


def settle(
    connection: Connection, clock: Clock, claim: Claim, result: Result, settings: WebhooksSettings
) -> bool:
    """Write down how it went. False when the claim is not ours any more (then nothing is written)."""
    now = moment(connection, clock)
    values: dict[str, Any] = {
        "rev": Delivery.rev + 1, "attempts": claim.attempts + 1, "claimed_until": 0.0, "token": None,
        "last_status": result.status, "last_error": result.error[:300],
    }  # fmt: skip
    values |= _fate(claim, result, now, settings)
    ours = (Delivery.id == claim.delivery_id, Delivery.token == claim.token, _IS_PENDING)
    if connection.execute(update(Delivery).where(*ours).values(values)).rowcount != 1:
        return False
    connection.execute(
        insert(Attempt).values(
            id=new_number(_number(result.at)), delivery_id=claim.delivery_id, at=result.at,
            status=result.status, ms=result.ms, error=result.error[:300], answer=_text(result.answer),
        )
    )  # fmt: skip
    _note(connection, claim, result, now, settings)
    return True


def park_old(connection: Connection, clock: Clock, settings: WebhooksSettings) -> int:
    """Give up what has waited too long, also for endpoints that are off; how many."""
    before = clock.now() - timedelta(hours=settings.give_up_hours)
    late = (_IS_PENDING, Delivery.queued_at < before, Delivery.claimed_until <= moment(connection, clock))
    values = {"state": PARKED, "done_at": clock.now(), "rev": Delivery.rev + 1}
    return connection.execute(update(Delivery).where(*late).values(values)).rowcount


def _fate(claim: Claim, result: Result, now: float, settings: WebhooksSettings) -> dict[str, Any]:
    if result.is_taken:
        return {"state": DELIVERED, "done_at": result.at}
    wait = wait_after(claim.attempts + 1, settings.backoff, random.random())  # noqa: S311 - no secret
    wait = max(wait, result.retry_after or 0.0)
    ends = claim.queued_at.timestamp() + settings.give_up_hours * 3600
    if claim.event_name == TEST_EVENT or result.status == _GONE or now + wait > ends:
        return {"state": PARKED, "done_at": result.at}
    return {"not_before": now + wait}


def _note(
    connection: Connection, claim: Claim, result: Result, now: float, settings: WebhooksSettings
) -> None:
    """What a try says of the endpoint."""
    query = select(Endpoint.failures, Endpoint.failing_since).where(Endpoint.id == claim.endpoint_id)
    endpoint = connection.execute(query.with_for_update()).first()
    if endpoint is None:
        return
    values: dict[str, Any] = {}
    if result.is_taken:
        if endpoint.failures:
            values = {"failures": 0, "failing_since": None, "not_before": 0.0}
    elif claim.event_name != TEST_EVENT:
        since = endpoint.failing_since or result.at
        pause = pause_after(endpoint.failures + 1, settings.backoff, result.retry_after)
        values = {"failures": endpoint.failures + 1, "failing_since": since, "not_before": now + pause}
        if result.status == _GONE or result.at - since > timedelta(days=settings.switch_off_days):
            reason = "gone" if result.status == _GONE else "failing"
            values |= {"is_active": False, "off_reason": reason, "rev": Endpoint.rev + 1}
    if values:
        connection.execute(update(Endpoint).where(Endpoint.id == claim.endpoint_id).values(values))


def _take(
    connection: Connection,
    endpoint: Row[Any],
    room: int,
    now: float,
    settings: WebhooksSettings,
    keys: tuple[str, ...],
) -> list[Claim]:
    query = select(Delivery.__table__).where(Delivery.endpoint_id == endpoint.id, *_due(now))
    taken = []
    for row in connection.execute(query.order_by(Delivery.id).limit(room)).all():
        token = new_number(row.id)
        held = (Delivery.id == row.id, _IS_PENDING, Delivery.claimed_until == row.claimed_until)
        values = {"token": token, "claimed_until": now + settings.timeout + _SPARE}
        if connection.execute(update(Delivery).where(*held).values(values)).rowcount == 1:
            taken.append(
                Claim(
                    delivery_id=row.id, endpoint_id=endpoint.id, token=token, attempts=row.attempts,
                    queued_at=row.queued_at, message_id=row.event_id, event_name=row.event_name,
                    url=endpoint.url, keys=keys, body=row.body.encode(),
                )
            )  # fmt: skip
    return taken


def _keys(endpoint: Row[Any], seal: Seal, now: datetime) -> tuple[str, ...]:
    """None where one cannot be opened: then nothing is sent to this one, and the others do not wait."""
    former, until = endpoint.sealed_old_secret, endpoint.old_secret_until
    try:
        present = opened(seal, endpoint.id, endpoint.sealed_secret)
        is_rotating = former and until and until > now
        return (present, opened_former(seal, endpoint.id, former)) if is_rotating else (present,)
    except Unavailable:
        return ()


def _due(now: float) -> tuple[Any, ...]:
    """Due, nobody's, and its endpoint is on and not left alone; a test is sent whatever the endpoint is."""
    ready = select(Endpoint.id).where(Endpoint.is_active, Endpoint.not_before <= now)
    return (
        _IS_PENDING, Delivery.not_before <= now, Delivery.claimed_until <= now,
        or_(Delivery.endpoint_id.in_(ready), Delivery.event_name == TEST_EVENT),
    )  # fmt: skip


def _number(at: datetime) -> str:
    number = int(at.astimezone(UTC).timestamp() * 1000)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(45, -1, -5))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\x00", "�")


_IS_PENDING = and_(Delivery.state == PENDING)
_LISTENING = Prepared(select(Endpoint.id, Endpoint.shop_id, Endpoint.events).where(Endpoint.is_active))
_INSERT_SQLITE = sqlite.insert(Delivery).on_conflict_do_nothing()
_INSERT_POSTGRES = postgresql.insert(Delivery).on_conflict_do_nothing().returning(Delivery.id)
