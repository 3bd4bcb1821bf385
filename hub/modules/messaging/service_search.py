"""Full text over messages, by the database's own index. Never commits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select, text

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.messaging.models import Message
from hub.modules.messaging.service_reading import ReadingService
from hub.modules.messaging.views import MessageView, Shops

_MOST_WORDS = 8
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d{3}")
_NEAR = 3_000
"""So many of the newest messages PostgreSQL reads one by one: what stands in very many is found there, and of
what is not, the index has few enough to sort."""


class SearchService:
    """Finds messages by the beginnings of words, in any alphabet."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._is_sqlite = uow.session.get_bind().dialect.name == "sqlite"
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
        found = await (self._of_file if self._is_sqlite else self._of_server)(words, shops, limit)
        rows = await self._session.scalars(
            select(Message).where(Message.n.in_(found)).order_by(Message.n.desc())
        )
        return await self._reading.views(rows.all())

    async def _of_file(self, words: Sequence[str], shops: Shops, limit: int) -> Sequence[int]:
        """The index walks from the newest on, until enough of these shops are found: CROSS JOIN keeps it
        first."""
        asked = text(
            "SELECT message.n FROM messaging_search"
            " CROSS JOIN messaging_messages AS message ON message.n = messaging_search.rowid"
            " WHERE messaging_search MATCH :words AND (:is_any OR message.shop_id IN :shops)"
            " ORDER BY messaging_search.rowid DESC LIMIT :most"
        ).bindparams(bindparam("shops", expanding=True))
        query = " ".join(f'"{word}"*' for word in words)
        values = {"words": query, "is_any": shops is None, "shops": sorted(shops or ()), "most": limit}
        return (await self._session.scalars(asked, values)).all()

    async def _of_server(self, words: Sequence[str], shops: Shops, limit: int) -> Sequence[int]:
        """Near the end first; then by the index. Left to itself the server walks all messages from the newest
        on for a word that stands in none."""
        hit = has_words(words)
        if shops is not None:
            hit = hit & Message.shop_id.in_(sorted(shops))
        last = await self._session.scalar(select(func.max(Message.n))) or 0
        near = select(Message.n).where(hit, Message.n > last - _NEAR).order_by(Message.n.desc())
        found = (await self._session.scalars(near.limit(limit))).all()
        if len(found) >= limit or last <= _NEAR:
            return found
        return (await self._session.scalars(by_index(hit, limit))).all()


def has_words(words: Sequence[str]) -> ColumnElement[bool]:
    """On PostgreSQL: all of these beginnings."""
    document = func.to_tsvector(literal_column("'simple'::regconfig"), Message.text)
    asked = " & ".join(f"{word}:*" for word in words)
    return document.bool_op("@@")(func.to_tsquery(literal_column("'simple'::regconfig"), asked))


def by_index(hit: ColumnElement[bool], limit: int) -> Select[int]:
    """The newest of all that fit, which the server finds for themselves first."""
    every = select(Message.n).where(hit).offset(0).subquery()
    return select(every.c.n).order_by(every.c.n.desc()).limit(limit)
