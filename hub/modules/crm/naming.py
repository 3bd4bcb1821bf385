"""A client as meant by words of a name: by the index of words where few have them, by looking at one client
after the other where many have, which finds enough of them before everybody was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from hub.modules.crm.models import Client, Word

MANY = 4000
"""Words in the index from which on it is quicker to look at clients."""
CANDIDATES = 200
"""Of a word that more have, the search box ranks so many."""
_AFTER_ALL = "\U0010ffff"


def begins(column: Any, text: str) -> ColumnElement[bool]:
    """`column LIKE 'text%'` in a form that uses the index on both databases, wildcards being text."""
    return and_(column >= text, column < text + _AFTER_ALL)


class Named:
    """Words, the rarest first, each of which a name has to have at the beginning of one of its own."""

    def __init__(self, words: Iterable[tuple[int, str]]) -> None:
        counted = sorted(words)
        self._first, *self._others = [word for _, word in counted]
        self.is_common = counted[0][0] >= MANY

    def ids(self) -> Select[str]:
        """The ids of all who are meant."""
        query = select(Word.client_id).where(begins(Word.word, self._first))
        return query.where(*(_has(Word.client_id, word) for word in self._others))

    def some(self, known: ColumnElement[bool]) -> Select[str]:
        """CANDIDATES of them of whom `known` is true, those whose word is the word itself first."""
        query = self.ids().join(Client, Client.id == Word.client_id).where(known)
        return query.order_by(Word.word, Word.client_id).limit(CANDIDATES)

    def means(self, client_id: Any) -> ColumnElement[bool]:
        """Whether the client of this column is meant."""
        if not self.is_common:
            among: ColumnElement[bool] = client_id.in_(self.ids())
            return among
        return and_(*(_has(client_id, word) for word in (self._first, *self._others)))


def count_some(words: Iterable[str], connection: Connection) -> list[tuple[int, str]]:
    """How many names have each word, counted up to MANY."""
    counted = []
    for word in words:
        some = select(Word.client_id).where(begins(Word.word, word)).limit(MANY).subquery()
        counted.append((connection.execute(select(func.count()).select_from(some)).scalar_one(), word))
    return counted


def _has(client_id: Any, word: str) -> ColumnElement[bool]:
    of_it = aliased(Word)
    return exists().where(of_it.client_id == client_id, begins(of_it.word, word))
