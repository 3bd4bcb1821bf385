"""Review: the queue, score cards, filling one while one listens, the employee's answer, scores over time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from hub.errors import Invalid, NotAllowed
from hub.kernel.spreadsheet import as_csv, as_xlsx
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from recordings.api import RecordingsApi
from recordings.charts import plot
from recordings.entries import entries_of
from recordings.rights import ANSWER, CARDS, REVIEW
from recordings.rules_review import MOST_QUESTIONS
from recordings.scope import reach_of, recording_of
from recordings.service_cards import Asked
from recordings.service_reviews import Filled, ReviewFilter
from recordings.views_library import CardView, ReviewView

_PAGE = 50
_MONTHS = 12
_SPARE = 3
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def queue(request: PageRequest) -> web.StreamResponse:
    """What waits for a review, and why."""
    api, cursor = request.apis.of(RecordingsApi), request.query.get("cursor") or None
    picks, following = await api.queue.waiting(reach_of(request, REVIEW).shops, cursor=cursor, limit=_PAGE)
    rows = await api.library.by_ids([pick.recording_id for pick in picks])
    entries = {one.row.id: one for one in await entries_of(request, list(rows.values()))}
    settings = request.deps.settings.recordings
    return request.page(
        "recordings/queue.html",
        next=following,
        is_first=cursor is None,
        settings=settings,
        picks=[(pick, entries[pick.recording_id]) for pick in picks if pick.recording_id in entries],
    )


async def skip(request: PageRequest) -> web.StreamResponse:
    """Nobody need review it."""
    api = request.apis.of(RecordingsApi)
    await api.queue.skip(request.path["id"], reach_of(request, REVIEW).shops)
    return request.redirect("/recordings/queue", notice=request.t("Taken out of the queue."))


async def begin(request: PageRequest) -> web.StreamResponse:
    """A score card is filled for a recording."""
    recording = await recording_of(request, REVIEW)
    reviews, form = request.apis.of(RecordingsApi).reviews, request.form
    filled = await filled_of(request)
    await reviews.begin(recording, form.get("card_id", ""), filled, reviewer=request.viewer.name)
    said = request.t("The review is finished.") if filled.is_done else request.t("Saved.")
    return request.redirect(f"/recordings/{recording.id}#reviews", notice=said)


async def change(request: PageRequest) -> web.StreamResponse:
    """Filled further."""
    review = await _review(request)
    rev = request.form.get("rev", "")
    filled = await filled_of(request, review)
    reviews = request.apis.of(RecordingsApi).reviews
    await reviews.change(review, filled, rev=int(rev) if rev.isdecimal() else None)
    said = request.t("The review is finished.") if filled.is_done else request.t("Saved.")
    return request.redirect(f"/recordings/{review.recording_id}#reviews", notice=said)


async def filled_of(request: PageRequest, review: ReviewView | None = None) -> Filled:
    """The form; `answer-<key>` holds points, `-` for what does not apply."""
    form = request.form
    answers: dict[str, int | None] = {}
    for name, value in form.items():
        if name.startswith("answer-") and (value == "-" or (value.isascii() and value.isdecimal())):
            answers[name.removeprefix("answer-")] = None if value == "-" else int(value[:3])
    person_id = form.get("person_id", "") or (review.person_id if review is not None else "") or ""
    name = ""
    if person_id:
        name = (await request.apis.of(AccessApi).person(person_id)).name
    return Filled(
        answers=answers, note=form.get("note", ""), person_id=person_id or None, person_name=name,
        is_done=form.get("finish") == "1",
    )  # fmt: skip


async def _review(request: PageRequest) -> ReviewView:
    where = ReviewFilter(shops=reach_of(request, REVIEW).shops)
    return await request.apis.of(RecordingsApi).reviews.one(request.path["review"], where)


def answerable(request: PageRequest) -> ReviewFilter:
    """Whose reviews may be read and answered: one's own, or with the right to review all of the shop's."""
    if request.viewer.can(REVIEW):
        return ReviewFilter(shops=reach_of(request, REVIEW).shops)
    return ReviewFilter(person_id=request.viewer.id, is_done=True)


async def reply(request: PageRequest) -> web.StreamResponse:
    """The employee answers: only whom it is about."""
    reviews = request.apis.of(RecordingsApi).reviews
    review = await reviews.one(request.path["review"], answerable(request))
    if review.person_id != request.viewer.id:
        raise NotAllowed(
            "recordings.not_about_you", "This review is about somebody else.", "They answer it themselves."
        )
    await reviews.reply(review, request.form.get("text", ""))
    return request.redirect("/recordings/reviews", notice=request.t("Your answer is kept."))


async def show_reviews(request: PageRequest) -> web.StreamResponse:
    """The reviews: of everybody for whoever reviews, of the own talks for everybody else."""
    cursor = request.query.get("cursor") or None
    api = request.apis.of(RecordingsApi)
    reviews, following = await api.reviews.page(answerable(request), cursor=cursor, limit=_PAGE)
    rows = await api.library.by_ids([one.recording_id for one in reviews])
    entries = {one.row.id: one for one in await entries_of(request, list(rows.values()))}
    return request.page(
        "recordings/reviews.html", reviews=reviews, entries=entries, next=following, is_first=cursor is None
    )


def period(request: PageRequest) -> tuple[datetime, datetime]:
    """The last twelve months."""
    now = request.deps.clock.now()
    return now - timedelta(days=_MONTHS * 31), now + timedelta(days=1)


async def scores(request: PageRequest) -> web.StreamResponse:
    """Score by person and month, as a plot with its table."""
    found = await request.apis.of(RecordingsApi).queue.scores(
        reach_of(request, REVIEW).shops, *period(request)
    )
    return request.page("recordings/scores.html", scores=found, plot=plot(found))


async def export(request: PageRequest) -> web.StreamResponse:
    """Every finished review as a row, answers included."""
    kind = request.query.get("format", "csv")
    if kind not in ("csv", "xlsx"):
        raise Invalid("recordings.export", "Choose CSV or XLSX.", "Go back to the scores.")
    where, api = (
        ReviewFilter(shops=reach_of(request, REVIEW).shops, is_done=True),
        request.apis.of(RecordingsApi),
    )
    rows, cursor = list[list[object]](), None
    while len(rows) < 100_000:
        reviews, cursor = await api.reviews.page(where, cursor=cursor, limit=500)
        rows += [_row(request.seen(one)) for one in reviews]
        if cursor is None:
            break
    head = [
        request.t("Finished"), request.t("About"), request.t("Reviewed by"), request.t("Score card"),
        request.t("Version"), request.t("Score, %"), request.t("Failed"), request.t("Points"),
        request.t("Note"), request.t("Answer"), request.t("Recording"),
    ]  # fmt: skip
    body = await asyncio.to_thread(as_csv if kind == "csv" else as_xlsx, head, rows)
    name = f"pitline-reviews-{request.deps.clock.now():%Y-%m-%d}.{kind}"
    return web.Response(
        body=body, content_type="text/csv" if kind == "csv" else _XLSX,
        charset="utf-8" if kind == "csv" else None,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


def _row(one: ReviewView) -> list[object]:
    points = "; ".join(
        f"{question.text}: {'-' if points is None else points}/{question.most}"
        for question in one.card.questions
        if (points := one.answers.get(question.key)) is not None or question.key in one.answers
    )
    return [
        one.finished_at.isoformat(timespec="minutes") if one.finished_at else "", one.person_name,
        one.reviewer_name, one.card.name, one.card.version, one.percent if one.percent is not None else "",
        "1" if one.is_failed else "", points, one.note, one.reply, one.recording_id,
    ]  # fmt: skip


async def show_cards(request: PageRequest) -> web.StreamResponse:
    """The score cards."""
    cards = await request.apis.of(RecordingsApi).cards.all(archived=True)
    return request.page("recordings/cards.html", cards=cards)


async def new_card(request: PageRequest) -> web.StreamResponse:
    """An empty form."""
    return _card_form(request, None, {}, 200)


async def edit_card(request: PageRequest) -> web.StreamResponse:
    """The form filled in."""
    return _card_form(request, await request.apis.of(RecordingsApi).cards.one(request.path["card"]), {}, 200)


async def create_card(request: PageRequest) -> web.StreamResponse:
    """Take the form in."""
    try:
        await request.apis.of(RecordingsApi).cards.create(request.form.get("name", ""), asked_in(request))
    except Invalid as error:
        return _card_form(request, None, {"form": error.text, **error.fields}, 422)
    return request.redirect("/settings/score-cards", notice=request.t("Saved."))


async def change_card(request: PageRequest) -> web.StreamResponse:
    """Take the form in; other questions make a new version."""
    cards, form = request.apis.of(RecordingsApi).cards, request.form
    card, rev = await cards.one(request.path["card"]), form.get("rev", "")
    try:
        await cards.change(
            card.id, form.get("name", ""), asked_in(request), is_archived=form.get("archived") == "1",
            rev=int(rev) if rev.isdecimal() else None,
        )  # fmt: skip
    except Invalid as error:
        return _card_form(request, card, {"form": error.text, **error.fields}, 422)
    return request.redirect("/settings/score-cards", notice=request.t("Saved."))


def asked_in(request: PageRequest) -> list[Asked]:
    """The questions of the form, row by row."""
    form = request.form
    columns = [form.getall(name, []) for name in ("key", "text", "most", "weight", "required")]
    return [
        (key[:16], text, _small(most), _small(weight), required == "1")
        for key, text, most, weight, required in list(zip(*columns, strict=False))[: MOST_QUESTIONS * 2]
    ]


def _small(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _card_form(
    request: PageRequest, card: CardView | None, faults: Mapping[str, str], status: int
) -> web.StreamResponse:
    rows: list[Any] = list(card.questions) if card is not None else []
    typed = [
        {"key": key, "text": text, "most": most, "weight": weight, "is_required": required}
        for key, text, most, weight, required in asked_in(request)
    ] if faults else rows  # fmt: skip
    empty = {"key": "", "text": "", "most": 1, "weight": 1, "is_required": False}
    return request.page(
        "recordings/card.html", status=status, card=card, faults=faults,
        name=request.form.get("name", "") if faults else (card.name if card else ""),
        rows=[*typed, *([empty] * _SPARE)],
    )  # fmt: skip


def _page(method: Any, path: str, handler: Any, right: str, name: str, **more: Any) -> Route:
    return Route(method=method, path=path, handler=handler, right=right, name=f"recordings.{name}", **more)


routes = (
    _page("GET", "/recordings/queue", queue, REVIEW, "queue"),
    _page("POST", "/recordings/{id}/skip", skip, REVIEW, "skip"),
    _page("POST", "/recordings/{id}/reviews", begin, REVIEW, "begin_review"),
    _page("GET", "/recordings/reviews", show_reviews, ANSWER, "reviews"),
    _page("GET", "/recordings/reviews/export", export, REVIEW, "export_reviews", is_noted=True),
    _page("POST", "/recordings/reviews/{review}", change, REVIEW, "change_review"),
    _page("POST", "/recordings/reviews/{review}/reply", reply, ANSWER, "reply"),
    _page("GET", "/recordings/scores", scores, REVIEW, "scores"),
    _page("GET", "/settings/score-cards", show_cards, CARDS, "cards"),
    _page("GET", "/settings/score-cards/new", new_card, CARDS, "new_card"),
    _page("POST", "/settings/score-cards/new", create_card, CARDS, "create_card"),
    _page("GET", "/settings/score-cards/{card}", edit_card, CARDS, "edit_card"),
    _page("POST", "/settings/score-cards/{card}", change_card, CARDS, "change_card"),
)
