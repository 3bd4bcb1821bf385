"""Score cards: own questions, kept in versions, so that a filled one stays what it was. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import select, tuple_

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from recordings.models_review import CardVersion, ScoreCard
from recordings.rules_review import clean_questions
from recordings.views_library import CardView, Question

LONGEST_NAME = 120
Asked = tuple[str, str, int, int, bool]
"""A question as it was typed: key (empty: new), text, most points, weight, whether it is required."""


class CardService:
    """What reviews ask."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def all(self, *, archived: bool = False) -> tuple[CardView, ...]:
        """By name, each in its newest version."""
        query = select(ScoreCard).order_by(ScoreCard.name, ScoreCard.id)
        if not archived:
            query = query.where(ScoreCard.is_archived.is_(False))
        rows = (await self._session.scalars(query)).all()
        versions = await self._versions({(row.id, row.version) for row in rows})
        return tuple(_view(row, row.version, versions[row.id, row.version]) for row in rows)

    async def one(self, card_id: str) -> CardView:
        """In its newest version. Raises NotFound."""
        row = await self._row(card_id)
        return (await self.versions([(row.id, row.version)]))[row.id, row.version]

    async def versions(self, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], CardView]:
        """Cards as they were in those versions."""
        ids = sorted({card_id for card_id, _ in wanted})
        query = select(ScoreCard).where(ScoreCard.id.in_(ids))
        rows = {row.id: row for row in (await self._session.scalars(query)).all()}
        versions = await self._versions(wanted)
        return {key: _view(rows[key[0]], key[1], asked) for key, asked in versions.items()}

    async def create(self, name: str, asked: Sequence[Asked]) -> CardView:
        """A new card. Raises Invalid."""
        row = ScoreCard(id=new_id(self._clock), rev=1, name=_name(name), version=1, is_archived=False)
        self._session.add(row)
        self._add_version(row, clean_questions(asked))
        await self._session.flush()
        return await self.one(row.id)

    async def change(
        self, card_id: str, name: str, asked: Sequence[Asked], *, is_archived: bool, rev: int | None = None
    ) -> CardView:
        """Other questions make a new version; a name or the archive does not. Raises Invalid, Conflict."""
        row = await self._row(card_id)
        if rev is not None and rev != row.rev:
            raise Conflict("recordings.changed", "Somebody else has changed this meanwhile.", "Look again.")
        questions = clean_questions(asked)
        if questions != (await self.one(row.id)).questions:
            row.version += 1
            self._add_version(row, questions)
        row.name, row.is_archived, row.rev = _name(name), is_archived, row.rev + 1
        await self._session.flush()
        return await self.one(row.id)

    def _add_version(self, row: ScoreCard, questions: Sequence[Question]) -> None:
        self._session.add(
            CardVersion(
                card_id=row.id, number=row.version, questions=[asdict(one) for one in questions],
                made_at=self._clock.now(), made_by=self._uow.actor,
            )
        )  # fmt: skip

    async def _row(self, card_id: str) -> ScoreCard:
        row = await self._session.get(ScoreCard, card_id) if "\x00" not in card_id else None
        if row is None:
            raise NotFound("recordings.card_unknown", "There is no such score card.")
        return row

    async def _versions(
        self, wanted: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], tuple[Question, ...]]:
        if not wanted:
            return {}
        key = tuple_(CardVersion.card_id, CardVersion.number)
        rows = (await self._session.scalars(select(CardVersion).where(key.in_(sorted(set(wanted)))))).all()
        return {
            (row.card_id, row.number): tuple(Question(**question) for question in row.questions)
            for row in rows
        }


def _name(text: str) -> str:
    clean = " ".join(text.split())
    if not clean or len(clean) > LONGEST_NAME:
        raise Invalid(
            "recordings.card_name", "The score card needs a name.", "Write a short one.",
            fields={"name": "Write a short name."},
        )  # fmt: skip
    return clean


def _view(row: ScoreCard, version: int, questions: tuple[Question, ...]) -> CardView:
    return CardView(
        id=row.id, rev=row.rev, name=row.name, version=version, is_archived=row.is_archived,
        questions=questions,
    )  # fmt: skip
