"""Recordings by the words that are written to them or were said in them, by the index of words beside the
table. Never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select, text

from hub.kernel.context import UnitOfWork
from recordings.models_library import Writing
from recordings.rules_library import as_fts5, as_tsquery

MOST_HITS = 3_000
"""Of a word that stands in very many writings the newest so many are looked at."""
_NEAR, _WIDER = 20_000, 8
"""Where those are looked for on PostgreSQL: among so many of the newest writings, then so many times more."""


class WordIndex:
    """Both databases' full text."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._session = uow.session
        self._is_sqlite = uow.session.get_bind().dialect.name == "sqlite"

    async def hits(self, words: tuple[str, ...], kinds: tuple[str, ...]) -> tuple[Sequence[str], bool]:
        """Whose writings hold all of these beginnings of words: recordings, MOST_HITS at most, then the
        newest; and whether they may be more. No kinds: all."""
        found = await (self._of_file(words, kinds) if self._is_sqlite else self._of_server(words, kinds))
        return found, len(found) >= MOST_HITS

    async def _of_file(self, words: tuple[str, ...], kinds: tuple[str, ...]) -> Sequence[str]:
        """The index walks from the newest on, until enough of these kinds are found: CROSS JOIN keeps it
        first."""
        asked = text(
            "SELECT writing.recording_id FROM recordings_words"
            " CROSS JOIN recordings_writings AS writing ON writing.id = recordings_words.rowid"
            " WHERE recordings_words MATCH :words AND (:is_any OR writing.kind IN :kinds)"
            " ORDER BY recordings_words.rowid DESC LIMIT :most"
        ).bindparams(bindparam("kinds", expanding=True))
        values = {"words": as_fts5(words), "is_any": not kinds, "kinds": kinds, "most": MOST_HITS}
        return (await self._session.scalars(asked, values)).all()

    async def _of_server(self, words: tuple[str, ...], kinds: tuple[str, ...]) -> Sequence[str]:
        """The newest of very many would first be all sorted: they are looked for near the end, and few come
        in any order."""
        document = func.to_tsvector(literal_column("'simple'"), Writing.text)
        hit = document.bool_op("@@")(func.to_tsquery(literal_column("'simple'"), as_tsquery(words)))
        last, near = await self._session.scalar(select(func.max(Writing.id))) or 0, _NEAR
        while True:
            found = await self._newest(hit, last - near, kinds)
            if len(found) >= MOST_HITS or near >= last:
                return found
            if near == _NEAR and len(few := await self._found(hit, kinds, most=MOST_HITS + 1)) <= MOST_HITS:
                return few
            near *= _WIDER

    async def _newest(self, hit: ColumnElement[bool], after: int, kinds: tuple[str, ...]) -> Sequence[str]:
        return await self._found(hit & (Writing.id > after), kinds, most=MOST_HITS, is_newest=True)

    async def _found(
        self, hit: ColumnElement[bool], kinds: tuple[str, ...], *, most: int | None = None,
        is_newest: bool = False,
    ) -> Sequence[str]:  # fmt: skip
        query = select(Writing.recording_id).where(hit)
        if kinds:
            query = query.where(Writing.kind.in_(kinds))
        if is_newest:
            query = query.order_by(Writing.id.desc())
        return (await self._session.scalars(query.limit(most))).all()
