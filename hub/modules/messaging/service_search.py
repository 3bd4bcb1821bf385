"""Full text over messages, by the database's own index. Never commits."""

from __future__ import annotations

import re

from sqlalchemy import select, text

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.messaging.models import Message
from hub.modules.messaging.service_reading import ReadingService
from hub.modules.messaging.views import MessageView, Shops

_MOST_WORDS = 8
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d{3}")
_SQLITE = text(
    "SELECT rowid FROM messaging_search WHERE messaging_search MATCH :words ORDER BY rowid DESC LIMIT :most"
)
_POSTGRES = text(
    "SELECT n FROM messaging_messages WHERE to_tsvector('simple'::regconfig, text)"
    " @@ to_tsquery('simple'::regconfig, :words) ORDER BY n DESC LIMIT :most"
)
_LOOKED_AT = 500
"""Of the newest that fit, before those of other shops are left out."""


class SearchService:
    """Finds messages by the beginnings of words, in any alphabet."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._reading = ReadingService(uow, deps)

    async def messages(
        self, asked: str, shops: Shops, limit: int = 30, *, without_numbers: bool = False
    ) -> tuple[MessageView, ...]:
        """The newest that have all the words. `without_numbers`: nobody is found by a part of a number."""
        words = _WORD.findall(asked)[:_MOST_WORDS]
        if without_numbers:
            words = [word for word in words if not _DIGITS.search(word)]
        if not words:
            return ()
        is_sqlite = self._session.get_bind().dialect.name == "sqlite"
        query = " ".join(f'"{word}"*' for word in words) if is_sqlite else " & ".join(f"{w}:*" for w in words)
        statement = _SQLITE if is_sqlite else _POSTGRES
        most = limit if shops is None else _LOOKED_AT
        found = (await self._session.execute(statement, {"words": query, "most": most})).scalars().all()
        chosen = select(Message).where(Message.n.in_(found))
        if shops is not None:
            chosen = chosen.where(Message.shop_id.in_(sorted(shops)))
        rows = (await self._session.scalars(chosen.order_by(Message.n.desc()).limit(limit))).all()
        return await self._reading.views(rows)
