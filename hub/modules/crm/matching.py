"""Who a number belongs to: prebuilt Core statements, used by the hot path (synchronously, on the
writer's connection) and by pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, false, select

from hub.kernel.storage.prepared import PreparedIn
from hub.modules.crm.models import Client, Learned, Phone
from hub.modules.crm.rules import number_key
from hub.modules.crm.views import NOBODY, CallerMatch, Candidate, Reason

MOST_CANDIDATES = 20

_OWNERS = (
    select(
        Phone.key,
        Client.id,
        Client.kind,
        Client.relation,
        Client.name,
        Phone.number,
        Learned.client_id.label("learned"),
    )
    .join_from(Phone, Client, Phone.client_id == Client.id)
    .outerjoin(Learned, Learned.key == Phone.key)
    .where(Client.is_archived == false())
    .order_by(Client.name_key, Client.id)
)
"""Deactivated people are never offered as the caller. `learned`: whom a person chose for the number."""
OWNERS_OF_KEYS = _OWNERS.where(Phone.key.in_(bindparam("keys", expanding=True)))
_OWNERS_AT_ONCE = PreparedIn(lambda keys: _OWNERS.where(Phone.key.in_(keys)))


def match_callers(connection: Connection, numbers: Collection[str], country: str) -> dict[str, CallerMatch]:
    """Who each number (in any writing) belongs to; every number asked for has an answer."""
    keys = keys_of(numbers, country)
    if not keys:
        return dict.fromkeys(numbers, NOBODY)
    rows = _OWNERS_AT_ONCE.all(connection, sorted(set(keys.values())))
    return answers(numbers, keys, rows)


def keys_of(numbers: Iterable[str], country: str) -> dict[str, str]:
    """The matching key of each number that can identify somebody."""
    found = ((number, number_key(number, country)) for number in numbers)
    return {number: key for number, key in found if key is not None}


def answers(numbers: Iterable[str], keys: Mapping[str, str], rows: Sequence[Any]) -> dict[str, CallerMatch]:
    """Rows of OWNERS_OF_KEYS as an answer for each number."""
    by_key: dict[str, list[Candidate]] = {}
    learned: dict[str, str] = {}
    for key, client_id, kind, relation, name, number, chosen in rows:
        if chosen == client_id:
            learned[key] = chosen
        reason: Reason = "company_number" if kind == "company" else "exact_number"
        candidate = Candidate(client_id=client_id, name=name or number, relation=relation, reason=reason)
        by_key.setdefault(key, []).append(candidate)
    matches = {key: _match(candidates, learned.get(key)) for key, candidates in by_key.items()}
    return {number: matches.get(keys.get(number, ""), NOBODY) for number in numbers}


def _match(candidates: list[Candidate], learned: str | None) -> CallerMatch:
    """One record is an answer; of several the one that was learnt, else they are a question."""
    only = candidates[0] if len(candidates) == 1 else None
    if only is None and learned is not None:
        only = next(one for one in candidates if one.client_id == learned)
    return CallerMatch(
        client_id=only.client_id if only is not None and only.relation == "client" else None,
        candidates=tuple(candidates[:MOST_CANDIDATES]),
        relation=only.relation if only is not None else None,
        is_learned=len(candidates) > 1 and only is not None,
    )
