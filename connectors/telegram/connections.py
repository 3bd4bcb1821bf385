"""Accounts of the shop's own people that are connected to the bot (Telegram Business): who they are, and by
which connection they are written from now. A connection that is made anew has another id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from connectors.telegram.contents import clean
from connectors.telegram.translate import BUSINESS, number, part
from hub.errors import Unavailable
from hub.ports.marks import Marks

_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """`at` in seconds since 1970."""

    id: str
    user: int
    name: str
    at: int
    is_enabled: bool
    can_reply: bool


class Connections:
    """Of one bot."""

    def __init__(self, marks: Marks, bot_id: str) -> None:
        self._marks = marks
        self._name = f"telegram:{bot_id}:business"
        self._known: dict[str, Connection] = {}

    async def load(self) -> None:
        """What every process has noted. Raises Unavailable."""
        self._known = _read(await self._marks.read(self._name))

    async def note(self, body: Mapping[str, Any]) -> None:
        """An update says how one is; of two, the later one counts, whichever process has heard it. Raises
        Unavailable."""
        found = _connection(body)
        if found is None:
            return

        def added(kept: str) -> str:
            known = _read(kept)
            before = known.get(found.id)
            if before is None or before.at <= found.at:
                known[found.id] = found
            newest = sorted(known.values(), key=lambda one: one.at)[-_MOST:]
            return json.dumps([asdict(one) for one in newest])

        self._known = _read(await self._marks.change(self._name, added))

    async def account(self, account: str) -> str:
        """By which the same person's account is written from now; another process may have noted it."""
        if not account.startswith(BUSINESS):
            return account
        with suppress(Unavailable):
            await self.load()
        known = self._known.get(account.removeprefix(BUSINESS))
        if known is None or known.is_enabled:
            return account
        others = [one for one in self._known.values() if one.user == known.user and one.is_enabled]
        newest = max(others, key=lambda one: one.at, default=None)
        return account if newest is None else f"{BUSINESS}{newest.id}"

    def words(self) -> str:
        """Whose accounts are connected, for /system."""
        names = {one.name for one in self._known.values() if one.is_enabled}
        return ", ".join(sorted(names))


def _read(kept: str) -> dict[str, Connection]:
    try:
        return {one["id"]: Connection(**one) for one in json.loads(kept or "[]")}
    except (ValueError, KeyError, TypeError):
        return {}


def _connection(body: Mapping[str, Any]) -> Connection | None:
    user, rights, own = part(body, "user"), part(body, "rights"), body.get("id")
    user_id = number(user.get("id"))
    if not isinstance(own, str) or user_id is None:
        return None
    name = clean(str(user.get("first_name") or user.get("username") or user_id))[:100]
    return Connection(
        id=clean(own)[:200], user=user_id, name=name, at=number(body.get("date")) or 0,
        is_enabled=body.get("is_enabled") is True,
        can_reply=(rights.get("can_reply") or body.get("can_reply")) is True,
    )  # fmt: skip
