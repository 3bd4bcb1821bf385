"""Mailings in the API: read, draft, stop. Only people approve them, on their page."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, Asked, ListQuery, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.mailings.api import (
    Audience,
    MailingEntry,
    MailingPage,
    MailingsApi,
    MailingView,
    State,
)
from hub.modules.mailings.forms import PACE, ask_count
from hub.modules.mailings.rules import FASTEST, SLOWEST
from hub.modules.mailings.rules_texts import LONGEST_TEXT, LONGEST_TITLE
from hub.modules.mailings.scope import EDIT, VIEW, shops_of


def no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Word = Annotated[str, Field(max_length=200), AfterValidator(no_nul)]


class AudienceOut(BaseModel):
    """Whom it is for: clients by what is known of them, or the lines of a file (`kind` `list`)."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    segment: str
    tag: str
    source: str
    text: Words
    file: Words


class SumsOut(BaseModel):
    """How many of the list are in which state; but for `delivered`, which is part of `sent`, they add up to
    `size`. All zero before the list was made."""

    model_config = ConfigDict(from_attributes=True)

    size: int
    waiting: int
    queued: int
    sent: int
    delivered: int
    failed: int
    unknown: int = Field(description="May have gone out: a person decides")
    skipped: int
    stopped: int


class MailingOut(BaseModel):
    """A mailing. It leaves when a person who has not written it has approved it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    title: Words
    text: Words
    channels: list[str]
    audience: AudienceOut
    state: State
    pace: int = Field(description="Messages a minute")
    starts_at: Moment | None
    is_counted: bool = Field(description="Whether the list stands for what is written now")
    parts: int = Field(description="Parts of SMS that it comes to")
    price: str | None = Field(description="Of these, in the shop's currency; null where no price is set")
    created_at: Moment
    approved_at: Moment | None
    begun_at: Moment | None
    ended_at: Moment | None
    sums: SumsOut
    reasons: dict[str, int] = Field(description="How many were left out why")


class MailingPageOut(BaseModel):
    """A stretch of the list, newest first."""

    model_config = ConfigDict(from_attributes=True)

    items: list[MailingOut]
    next: str | None = Field(description=NEXT)


class MailingQuery(ListQuery):
    """Which mailings."""

    state: State | None = None


class AudienceIn(Strict):
    """Clients by what is known of them; all that is given must hold."""

    segment: Word = ""
    tag: Word = ""
    source: Word = ""
    text: Word = Field("", description="As the search of the list of clients")


class MailingIn(Strict):
    """A draft."""

    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE), AfterValidator(no_nul)]
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(no_nul)]
    channels: list[Annotated[str, Field(max_length=32)]] = Field(
        min_length=1, max_length=5, description="In the order in which they are tried", examples=[["sms"]]
    )
    audience: AudienceIn = Field(default_factory=lambda: AudienceIn.model_validate({}))
    pace: int = Field(PACE, ge=SLOWEST, le=FASTEST)
    starts_at: Asked | None = None


async def list_mailings(request: PageRequest, query: MailingQuery) -> MailingPage:
    """Newest first."""
    reading = request.apis.of(MailingsApi).reading
    return await reading.page(shops_of(request), state=query.state, cursor=query.cursor, limit=query.limit)


async def get_mailing(request: PageRequest) -> MailingView:
    """As it stands."""
    return await request.apis.of(MailingsApi).reading.one(request.path["id"], shops_of(request))


async def create_mailing(request: PageRequest, body: MailingIn) -> MailingView:
    """Write a draft; its list is made at once, by a job."""
    about = body.audience
    entry = MailingEntry(
        title=body.title, text=body.text, channels=tuple(body.channels), pace=body.pace,
        starts_at=body.starts_at,
        audience=Audience(
            segment=about.segment, tag=about.tag, source=about.source, text=about.text,
            whole_numbers=not request.viewer.sees_numbers,
        ),
    )  # fmt: skip
    api = request.apis.of(MailingsApi)
    made = await api.drafts.create(entry, request.viewer.name)
    await ask_count(request, made)
    return await api.reading.one(made.id)


async def stop_mailing(request: PageRequest) -> MailingView:
    """Nothing more leaves."""
    flow = request.apis.of(MailingsApi).flow
    return await flow.stop(request.path["id"], shops_of(request, EDIT), request.viewer.name)


operations = (
    ApiOperation(
        method="GET", path="/mailings", handler=list_mailings, right=VIEW, name="mailings.list_mailings",
        summary="Mailings, the newest first", query=MailingQuery, result=MailingPageOut,
        errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="GET", path="/mailings/{id}", handler=get_mailing, right=VIEW, name="mailings.get_mailing",
        summary="A mailing, and how far it is", result=MailingOut,
    ),
    ApiOperation(
        method="POST", path="/mailings", handler=create_mailing, right=EDIT, name="mailings.create_mailing",
        summary="Draft a mailing; a person approves it on its page", body=MailingIn, result=MailingOut,
        status=201, errors=(401, 403, 409, 415, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/mailings/{id}/stop", handler=stop_mailing, right=EDIT,
        name="mailings.stop_mailing", summary="Stop a mailing: nothing more leaves", result=MailingOut,
        errors=(401, 403, 404, 409, 422, 429),
    ),
)  # fmt: skip
