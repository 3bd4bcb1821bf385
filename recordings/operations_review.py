"""Marks, score cards, reviews and the queue in the API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.errors import NotAllowed
from hub.kernel.listing import NEXT, ListQuery, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.access.api import AccessApi
from recordings.api import RecordingsApi
from recordings.rights import ANSWER, CARDS, REVIEW
from recordings.rules_review import MOST_POINTS, MOST_QUESTIONS, MOST_WEIGHT
from recordings.scope import reach_of, recording_of
from recordings.service_reviews import Filled, ReviewFilter
from recordings.views_library import CardView, ReviewView
from recordings.web_review import answerable, period


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Text = Annotated[str, AfterValidator(_no_nul)]


class QuestionIn(Strict):
    """A question; leave `key` out for a new one."""

    key: Annotated[Text, Field(max_length=16)] = ""
    text: Annotated[Text, Field(min_length=1, max_length=300)]
    most: int = Field(
        1, ge=1, le=MOST_POINTS, description="Points at best; with 1 it is answered by yes or no"
    )
    weight: int = Field(1, ge=1, le=MOST_WEIGHT)
    is_required: bool = Field(False, description="Without all of its points the card is failed")


class QuestionOut(BaseModel):
    """A question of a score card."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    text: Words
    most: int
    weight: int
    is_required: bool


class CardIn(Strict):
    """A score card; other questions make a new version of it."""

    rev: int | None = Field(None, description="Of a change: only if nothing changed meanwhile")
    name: Annotated[Text, Field(min_length=1, max_length=120)]
    questions: Annotated[list[QuestionIn], Field(min_length=1, max_length=MOST_QUESTIONS)]
    is_archived: bool = False


class CardOut(BaseModel):
    """A score card in its newest version, or in that of a review."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    name: Words
    version: int
    is_archived: bool
    questions: list[QuestionOut]


class CardPageOut(BaseModel):
    """Every score card; they come whole."""

    items: list[CardOut]
    next: None = None


class ReviewIn(Strict):
    """What a reviewer says. `answers` maps a question's key to points, null: does not apply."""

    rev: int | None = Field(None, description="Of a change: only if nothing changed meanwhile")
    answers: dict[Annotated[Text, Field(max_length=16)], int | None] = Field(default_factory=dict)
    note: Annotated[Text, Field(max_length=4000)] = ""
    person_id: Annotated[Text, Field(max_length=32)] | None = Field(None, description="Whom it is about")
    is_done: bool = Field(False, description="It counts from now on, and the employee reads it")


class ReviewNew(ReviewIn):
    """A new one, by the newest version of the card."""

    card_id: Annotated[Text, Field(max_length=26)]


class ReplyIn(Strict):
    """The employee's answer."""

    text: Annotated[Text, Field(min_length=1, max_length=4000)]


class ReviewOut(BaseModel):
    """A filled score card. `percent` is null where nothing that counts was answered."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    recording_id: str
    card: CardOut
    reviewer_name: Words
    person_id: str | None
    person_name: Words
    answers: dict[str, int | None]
    percent: int | None
    is_failed: bool
    state: Literal["draft", "done"]
    note: Words
    reply: Words
    replied_at: Moment | None
    created_at: Moment
    finished_at: Moment | None


class ReviewPageOut(BaseModel):
    """A stretch of the reviews, newest first."""

    items: list[ReviewOut]
    next: str | None = Field(description=NEXT)


class ReviewQuery(ListQuery):
    """Which reviews."""

    person_id: Annotated[Text, Field(max_length=32)] | None = None
    recording_id: Annotated[Text, Field(max_length=26)] | None = None


class PickOut(BaseModel):
    """A recording that waits for a review, and why."""

    model_config = ConfigDict(from_attributes=True)

    recording_id: str
    started_at: Moment
    reasons: list[Literal["missed_promise", "long_hold", "two_transfers", "new_employee", "random"]]


class PickPageOut(BaseModel):
    """A stretch of the queue, newest first."""

    items: list[PickOut]
    next: str | None = Field(description=NEXT)


class ScoreOut(BaseModel):
    """How a person was scored in a month."""

    model_config = ConfigDict(from_attributes=True)

    person_id: str
    person_name: Words
    month: str = Field(description="Like 2026-01")
    reviews: int
    percent: int
    failed: int


class ScorePageOut(BaseModel):
    """Of the last twelve months; they come whole."""

    items: list[ScoreOut]
    next: None = None


async def list_cards(request: PageRequest) -> CardPageOut:
    """By name; those of the archive too."""
    cards = await request.apis.of(RecordingsApi).cards.all(archived=True)
    return CardPageOut(items=[card_out(one) for one in cards])


async def create_card(request: PageRequest, body: CardIn) -> CardOut:
    """A new card."""
    return card_out(await request.apis.of(RecordingsApi).cards.create(body.name, _asked(body)))


async def change_card(request: PageRequest, body: CardIn) -> CardOut:
    """Another name, other questions, the archive."""
    cards = request.apis.of(RecordingsApi).cards
    changed = await cards.change(
        request.path["card"], body.name, _asked(body), is_archived=body.is_archived, rev=body.rev
    )
    return card_out(changed)


async def list_reviews(request: PageRequest, query: ReviewQuery) -> ReviewPageOut:
    """Of everybody for whoever reviews, of the own talks for everybody else."""
    base = answerable(request)
    where = ReviewFilter(
        shops=base.shops, is_done=base.is_done, recording_id=query.recording_id,
        person_id=base.person_id or query.person_id,
    )  # fmt: skip
    found, following = await request.apis.of(RecordingsApi).reviews.page(
        where, cursor=query.cursor, limit=query.limit
    )
    return ReviewPageOut(items=[review_out(one) for one in found], next=following)


async def create_review(request: PageRequest, body: ReviewNew) -> ReviewOut:
    """Fill a score card for a recording."""
    recording = await recording_of(request, REVIEW)
    reviews = request.apis.of(RecordingsApi).reviews
    filled = await _filled(request, body)
    return review_out(await reviews.begin(recording, body.card_id, filled, reviewer=request.viewer.name))


async def change_review(request: PageRequest, body: ReviewIn) -> ReviewOut:
    """Fill it further: everything is replaced by what is sent."""
    reviews = request.apis.of(RecordingsApi).reviews
    where = ReviewFilter(shops=reach_of(request, REVIEW).shops)
    review = await reviews.one(request.path["review"], where)
    return review_out(await reviews.change(review, await _filled(request, body), rev=body.rev))


async def reply(request: PageRequest, body: ReplyIn) -> ReviewOut:
    """The employee answers."""
    reviews = request.apis.of(RecordingsApi).reviews
    review = await reviews.one(request.path["review"], answerable(request))
    if review.person_id != request.viewer.id:
        raise NotAllowed(
            "recordings.not_about_you", "This review is about somebody else.", "They answer it themselves."
        )
    return review_out(await reviews.reply(review, body.text))


async def list_queue(request: PageRequest, query: ListQuery) -> PickPageOut:
    """What waits for a review."""
    found, following = await request.apis.of(RecordingsApi).queue.waiting(
        reach_of(request, REVIEW).shops, cursor=query.cursor, limit=query.limit
    )
    return PickPageOut(items=[PickOut.model_validate(one) for one in found], next=following)


async def skip(request: PageRequest) -> None:
    """Nobody need review it."""
    api = request.apis.of(RecordingsApi)
    await api.queue.skip(request.path["id"], reach_of(request, REVIEW).shops)


async def list_scores(request: PageRequest) -> ScorePageOut:
    """By month and person."""
    found = await request.apis.of(RecordingsApi).queue.scores(
        reach_of(request, REVIEW).shops, *period(request)
    )
    return ScorePageOut(items=[ScoreOut.model_validate(one) for one in found])


async def _filled(request: PageRequest, body: ReviewIn) -> Filled:
    name = ""
    if body.person_id is not None:
        name = (await request.apis.of(AccessApi).person(body.person_id)).name
    return Filled(
        answers=body.answers, note=body.note, person_id=body.person_id, person_name=name, is_done=body.is_done
    )


def _asked(body: CardIn) -> list[tuple[str, str, int, int, bool]]:
    return [(one.key, one.text, one.most, one.weight, one.is_required) for one in body.questions]


def card_out(view: CardView) -> CardOut:
    """A card as programs get it."""
    return CardOut.model_validate(view)


def review_out(view: ReviewView) -> ReviewOut:
    """A review as programs get it."""
    return ReviewOut.model_validate(view)


_READ = (401, 403, 404, 422, 429)
_WRITE = (401, 403, 404, 409, 415, 422, 429)

operations = (
    ApiOperation(
        method="GET", path="/score-cards", handler=list_cards, right=REVIEW, name="recordings.list_cards",
        summary="The score cards", result=CardPageOut, errors=(401, 403, 429),
    ),
    ApiOperation(
        method="POST", path="/score-cards", handler=create_card, right=CARDS, name="recordings.post_card",
        summary="Write a score card", body=CardIn, result=CardOut, status=201, errors=_WRITE,
    ),
    ApiOperation(
        method="PATCH", path="/score-cards/{card}", handler=change_card, right=CARDS,
        name="recordings.patch_card", summary="Change a score card", body=CardIn, result=CardOut,
        errors=_WRITE,
    ),
    ApiOperation(
        method="GET", path="/reviews", handler=list_reviews, right=ANSWER, name="recordings.list_reviews",
        summary="List the reviews", query=ReviewQuery, result=ReviewPageOut, errors=_READ,
    ),
    ApiOperation(
        method="POST", path="/recordings/{id}/reviews", handler=create_review, right=REVIEW,
        name="recordings.post_review", summary="Review a recording", body=ReviewNew, result=ReviewOut,
        status=201, errors=_WRITE,
    ),
    ApiOperation(
        method="PATCH", path="/reviews/{review}", handler=change_review, right=REVIEW,
        name="recordings.patch_review", summary="Change a review", body=ReviewIn, result=ReviewOut,
        errors=_WRITE,
    ),
    ApiOperation(
        method="POST", path="/reviews/{review}/reply", handler=reply, right=ANSWER,
        name="recordings.post_reply", summary="Answer a review of one's own talk", body=ReplyIn,
        result=ReviewOut, errors=_WRITE,
    ),
    ApiOperation(
        method="GET", path="/review-queue", handler=list_queue, right=REVIEW, name="recordings.list_queue",
        summary="What waits for a review, and why", query=ListQuery, result=PickPageOut, errors=_READ,
    ),
    ApiOperation(
        method="POST", path="/review-queue/{id}/skip", handler=skip, right=REVIEW,
        name="recordings.post_skip", summary="Leave a recording out of the queue", status=204,
        errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="GET", path="/review-scores", handler=list_scores, right=REVIEW,
        name="recordings.list_scores", summary="Scores by person and month", result=ScorePageOut,
        errors=(401, 403, 429),
    ),
)  # fmt: skip
