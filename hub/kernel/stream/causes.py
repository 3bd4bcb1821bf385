"""The story of a fact: which one led to it, up to the first, and what followed from it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from hub.kernel.stream.outbox import event_delivery, event_outbox
from hub.values import ShopId

HIGHEST = 50
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What one handler made of a fact. `state`: pending, done, dead. No `id`: it was done in the
    transaction that stored the fact, and has no delivery."""

    id: str
    handler: str
    state: str
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFact:
    """A fact in its story. `depth`: how many facts it is away from the first one."""

    id: str
    name: str
    occurred_at: datetime
    shop_id: str
    key: str
    actor: str | None
    source: str
    cause_id: str | None
    depth: int
    handled: tuple[Handling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """From the first cause to the last effect, in the order in which one reads it. `is_rootless`: what
    led to the first one is not kept any more (or is another shop's); `is_cut`: more followed."""

    facts: tuple[StoryFact, ...]
    is_rootless: bool
    is_cut: bool


def story_of(
    connection: Connection,
    fact_id: str,
    shops: Collection[ShopId] | None,
    at_once: Mapping[str, Sequence[str]],
) -> Story | None:
    """The way up to the first cause, and everything below the fact itself. None: there is no such fact
    in these shops (None: every shop). `at_once`: by a fact's name the handlers that need no delivery."""
    chain = _upwards(connection, fact_id, shops)
    if not chain:
        return None
    top = chain[0]
    below, is_cut = _downwards(connection, chain[-1].id, shops)
    handled = _handled(connection, [*chain, *below], at_once)
    facts = [_fact(row, depth, handled) for depth, row in enumerate(chain)]
    facts += [
        _fact(row, len(chain) + depth, handled) for depth, row in _in_reading_order(chain[-1].id, below)
    ]
    return Story(facts=tuple(facts), is_rootless=top.cause_id is not None, is_cut=is_cut)


_o = event_outbox.c
_FACT = select(_o.id, _o.name, _o.occurred_at, _o.shop_id, _o.key, _o.actor, _o.source, _o.cause_id)


def _upwards(connection: Connection, fact_id: str, shops: Collection[ShopId] | None) -> list[Any]:
    """The first cause first."""
    found: list[Any] = []
    seen: set[str] = set()
    wanted: str | None = fact_id
    while wanted is not None and wanted not in seen and len(found) < HIGHEST:
        row = connection.execute(_FACT.where(_o.id == wanted)).first()
        if row is None or not _is_in(row, shops):
            break
        seen.add(row.id)
        found.insert(0, row)
        wanted = row.cause_id
    return found


def _downwards(
    connection: Connection, fact_id: str, shops: Collection[ShopId] | None
) -> tuple[list[Any], bool]:
    found: list[Any] = []
    seen, level = {fact_id}, [fact_id]
    while level:
        room = MOST + 1 - len(found)
        rows = connection.execute(_FACT.where(_o.cause_id.in_(level)).order_by(_o.id).limit(room)).all()
        fresh = [row for row in rows if row.id not in seen and _is_in(row, shops)]
        found += fresh
        seen.update(row.id for row in fresh)
        if len(found) > MOST:
            return found[:MOST], True
        level = [row.id for row in fresh]
    return found, False


def _in_reading_order(root: str, rows: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Each fact followed by what it led to, with its depth below the root."""
    led_to: dict[str, list[Any]] = {}
    for row in rows:
        led_to.setdefault(row.cause_id, []).append(row)
    waiting = [(0, row) for row in reversed(led_to.get(root, []))]
    while waiting:
        depth, row = waiting.pop()
        yield depth, row
        waiting += [(depth + 1, child) for child in reversed(led_to.get(row.id, []))]


def _handled(
    connection: Connection, facts: Sequence[Any], at_once: Mapping[str, Sequence[str]]
) -> dict[str, list[Handling]]:
    d = event_delivery.c
    ids = [fact.id for fact in facts]
    query = select(d.id, d.event_id, d.handler, d.state, d.attempts, d.last_error).where(d.event_id.in_(ids))
    found: dict[str, list[Handling]] = {}
    for row in connection.execute(query.order_by(d.id)).all():
        found.setdefault(row.event_id, []).append(
            Handling(
                id=str(row.id), handler=row.handler, state=row.state, attempts=row.attempts,
                last_error=row.last_error or "",
            )
        )  # fmt: skip
    for fact in facts:
        mine = found.setdefault(fact.id, [])
        delivered = {one.handler for one in mine}
        mine += [_done_at_once(name) for name in at_once.get(fact.name, ()) if name not in delivered]
    return found


def _done_at_once(handler: str) -> Handling:
    return Handling(id="", handler=handler, state="done", attempts=0, last_error="")


def _fact(row: Any, depth: int, handled: dict[str, list[Handling]]) -> StoryFact:
    return StoryFact(
        id=row.id, name=row.name, occurred_at=row.occurred_at, shop_id=row.shop_id, key=row.key,
        actor=row.actor, source=row.source, cause_id=row.cause_id, depth=depth,
        handled=tuple(handled.get(row.id, ())),
    )  # fmt: skip


def _is_in(row: Any, shops: Collection[ShopId] | None) -> bool:
    return shops is None or row.shop_id in shops
