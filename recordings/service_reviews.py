"""Reviews: a score card filled while one listens, a note to the employee, and the answer. Never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.events.recordings import RecordingReviewed
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.values import ShopId
from recordings.models_library import Shelf
from recordings.models_review import Pick, Review
from recordings.rules_review import clean_answers, score
from recordings.service_cards import CardService
from recordings.service_shelf import ShelfService
from recordings.triggers import fire
from recordings.views import RecordingView
from recordings.views_library import ReviewView

LONGEST_NOTE = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a reviewer says. `answers` maps keys to points, None: does not apply; `is_done`: it counts from
    now on, and the employee reads it."""

    answers: Mapping[str, Any]
    note: str
    person_id: str | None
    person_name: str
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFilter:
    """Which reviews. `shops` None = every shop; `person_id`: about this employee."""

    shops: frozenset[ShopId] | None = None
    person_id: str | None = None
    recording_id: str | None = None
    is_done: bool | None = None


class ReviewService:
    """Filled score cards."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._cards = CardService(uow, deps)
        self._shelf = ShelfService(uow, deps)

    async def page(
        self, where: ReviewFilter, *, cursor: str | None = None, limit: int = 50
    ) -> tuple[tuple[ReviewView, ...], str | None]:
        """Newest first, and where to go on."""
        query = select(Review).where(*_conditions(where)).order_by(Review.id.desc()).limit(limit + 1)
        if cursor is not None:
            query = query.where(Review.id < cursor.replace("\x00", ""))
        rows = (await self._session.scalars(query)).all()
        items = await self._views(rows[:limit])
        return items, items[-1].id if len(rows) > limit else None

    async def of(self, recording_id: str) -> tuple[ReviewView, ...]:
        """The reviews of a recording, the newest first."""
        return (await self.page(ReviewFilter(recording_id=recording_id)))[0]

    async def one(self, review_id: str, where: ReviewFilter) -> ReviewView:
        """Raises NotFound, also for what the filter leaves out."""
        return (await self._views([await self._row(review_id, where)]))[0]

    async def begin(
        self, recording: RecordingView, card_id: str, filled: Filled, *, reviewer: str
    ) -> ReviewView:
        """A new review by the card's newest version. Raises NotFound, Invalid, Conflict."""
        if recording.state == "erased":
            raise Conflict("recordings.erased", "This recording was erased.", "There is nothing left of it.")
        card = await self._cards.one(card_id)
        if card.is_archived:
            raise Invalid("recordings.card_archived", "This score card is in the archive.", "Choose another.")
        row = Review(
            id=new_id(self._clock), rev=0, recording_id=recording.id, shop_id=recording.shop_id,
            card_id=card.id, card_version=card.version, reviewer_id=self._uow.actor,
            reviewer_name=reviewer, created_at=self._clock.now(), finished_at=None, replied_at=None, reply="",
        )  # fmt: skip
        await self._fill(row, filled)
        self._session.add(row)
        return await self._settled(row)

    async def change(self, review: ReviewView, filled: Filled, *, rev: int | None = None) -> ReviewView:
        """Filled further, or corrected, by the version that it was begun with. Raises Conflict, Invalid."""
        row = await self._row(review.id, ReviewFilter())
        if rev is not None and rev != row.rev:
            raise Conflict("recordings.changed", "Somebody else has changed this meanwhile.", "Look again.")
        if row.reply and filled.is_done is False:
            raise Conflict("recordings.answered", "The employee has answered already.", "Leave it finished.")
        await self._fill(row, filled)
        return await self._settled(row)

    async def reply(self, review: ReviewView, text: str) -> ReviewView:
        """The employee's answer. Raises Invalid; Conflict while the review is a draft."""
        row = await self._row(review.id, ReviewFilter())
        if row.state != "done":
            raise Conflict("recordings.draft", "This review is not finished yet.", "Wait until it is.")
        row.reply, row.replied_at, row.rev = _note(text, is_needed=True), self._clock.now(), row.rev + 1
        await self._shelf.write(row.recording_id, "review", row.id, f"{row.note}\n{row.reply}")
        await self._session.flush()
        return (await self._views([row]))[0]

    async def _fill(self, row: Review, filled: Filled) -> None:
        card = (await self._cards.versions([(row.card_id, row.card_version)]))[row.card_id, row.card_version]
        answers = clean_answers(card.questions, filled.answers)
        result = score(card.questions, answers)
        if filled.is_done and result.open:
            raise Invalid(
                "recordings.unanswered", "Some questions are not answered yet.",
                "Answer them, or say that they do not apply.",
                fields=dict.fromkeys(result.open, "Not answered yet."),
            )  # fmt: skip
        row.answers, row.percent, row.is_failed = answers, result.percent, result.is_failed
        row.note, row.state = _note(filled.note), "done" if filled.is_done else "draft"
        row.person_id, row.person_name = filled.person_id, filled.person_name
        row.rev += 1
        if filled.is_done and row.finished_at is None:
            row.finished_at = self._clock.now()
        elif not filled.is_done:
            row.finished_at = None

    async def _settled(self, row: Review) -> ReviewView:
        """The shelf shows the newest score, the queue lets it go, its words are found."""
        await self._session.flush()
        done = (Review.recording_id == row.recording_id, Review.state == "done")
        newest = select(Review.percent).where(*done).order_by(Review.finished_at.desc(), Review.id.desc())
        percent = (await self._session.scalars(newest.limit(1))).first()
        shelf = await self._session.get(Shelf, row.recording_id)
        if shelf is not None:
            shelf.percent = percent
        if row.state == "done":
            waits = (Pick.recording_id == row.recording_id, Pick.state == "open")
            closed = update(Pick).where(*waits).values(state="done", closed_by=self._uow.actor)
            await self._session.execute(closed)
            self._uow.publish(
                RecordingReviewed(
                    recording_id=row.recording_id, review_id=row.id, percent=row.percent,
                    person_id=row.person_id, person_name=row.person_name,
                )
            )  # fmt: skip
            await fire(self._uow, row.recording_id, row.percent, self._clock.now())
        await self._shelf.write(row.recording_id, "review", row.id, f"{row.note}\n{row.reply}")
        return (await self._views([row]))[0]

    async def _row(self, review_id: str, where: ReviewFilter) -> Review:
        query = select(Review).where(Review.id == review_id.replace("\x00", ""), *_conditions(where))
        row = (await self._session.scalars(query)).one_or_none()
        if row is None:
            raise NotFound("recordings.review_unknown", "There is no such review.")
        return row

    async def _views(self, rows: Sequence[Review]) -> tuple[ReviewView, ...]:
        cards = await self._cards.versions({(row.card_id, row.card_version) for row in rows})
        return tuple(
            ReviewView(
                id=row.id, rev=row.rev, recording_id=row.recording_id, shop_id=ShopId(row.shop_id),
                card=cards[row.card_id, row.card_version], reviewer_id=row.reviewer_id,
                reviewer_name=row.reviewer_name, person_id=row.person_id, person_name=row.person_name,
                answers=dict(row.answers), percent=row.percent, is_failed=row.is_failed,
                state="done" if row.state == "done" else "draft", note=row.note, reply=row.reply,
                replied_at=row.replied_at, created_at=row.created_at, finished_at=row.finished_at,
            )
            for row in rows
        )  # fmt: skip


def _conditions(where: ReviewFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.shops is not None:
        found.append(Review.shop_id.in_(sorted(where.shops)))
    if where.person_id is not None:
        found.append(Review.person_id == where.person_id)
    if where.recording_id is not None:
        found.append(Review.recording_id == where.recording_id)
    if where.is_done is not None:
        found.append(Review.state == ("done" if where.is_done else "draft"))
    return found


def _note(text: str, *, is_needed: bool = False) -> str:
    clean = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(clean) > LONGEST_NOTE or (is_needed and not clean):
        said = "This is too long." if clean else "Write something first."
        raise Invalid("recordings.words", "Some fields need a look.", fields={"text": said})
    return clean
