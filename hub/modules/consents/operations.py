"""Consents in the API: how they stand, a row to be recorded, an end that any program may tell."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.consents.api import (
    Act,
    Choice,
    ConsentEntry,
    ConsentsApi,
    ConsentView,
    EntryView,
    Form,
    Standing,
    Subject,
    Topic,
)
from hub.modules.consents.scope import GRANT, OPT_OUT, VIEW


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Word = Annotated[str, Field(max_length=128), AfterValidator(_no_nul)]
Address = Annotated[str, Field(max_length=320), AfterValidator(_no_nul)]


class EntryOut(BaseModel):
    """A row of the ledger; rows are never changed."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    client_id: str | None
    via: str = Field(description="On which channel it was said; empty: elsewhere")
    address: Dialable
    topic: Topic
    act: Act
    channel: str = Field(description="What it holds for; empty: every channel")
    form: Form
    source: Words
    evidence: Words
    at: Moment
    created_at: Moment


class ConsentOut(BaseModel):
    """How it stands. `marketing` needs a consent; `service` goes out while nobody has said no."""

    model_config = ConfigDict(from_attributes=True)

    client_id: str | None
    marketing: Standing
    service: Standing
    is_blocked: bool = Field(description="They have asked for no messages at all")
    by_channel: list[tuple[str, Standing]] = Field(description="Channels that differ in marketing")
    provider_blocks: list[str] = Field(description="Channels on which the provider says that they stopped us")
    entries: list[EntryOut] = Field(description="The newest first")


class ConsentQuery(Strict):
    """Whose: a client's, or of whoever is behind an address on a channel."""

    client_id: Word | None = None
    channel: Word = ""
    address: Address = ""


class ConsentIn(ConsentQuery):
    """A consent or its end. Consent to marketing needs a form other than `oral`, and evidence."""

    topic: Topic
    act: Act
    form: Literal["signature", "web_form", "message", "link", "import", "oral"]
    for_channel: Word = Field("", description="Empty: every channel")
    source: Annotated[str, Field(max_length=200), AfterValidator(_no_nul)] = ""
    evidence: Annotated[str, Field(max_length=2000), AfterValidator(_no_nul)] = ""


class OptOutIn(ConsentQuery):
    """They want no more advertising, or (`all`) no messages at all."""

    topic: Literal["marketing", "all"] = "marketing"
    source: Annotated[str, Field(max_length=200), AfterValidator(_no_nul)] = ""


async def get_consents(request: PageRequest, query: ConsentQuery) -> ConsentView:
    """As it stands."""
    return await request.apis.of(ConsentsApi).ledger.read(_subject(query))


async def record_consent(request: PageRequest, body: ConsentIn) -> EntryView:
    """A new row."""
    entry = ConsentEntry(
        subject=_subject(body), topic=body.topic, act=body.act, form=body.form, channel=body.for_channel,
        source=body.source, evidence=body.evidence, author=request.viewer.name,
    )  # fmt: skip
    return await request.apis.of(ConsentsApi).ledger.record(entry)


async def opt_out(request: PageRequest, body: OptOutIn) -> ConsentView:
    """It holds at once, on every channel; said twice it is the same."""
    choice: Choice = "all_off" if body.topic == "all" else "marketing_off"
    source = body.source or request.viewer.name
    ledger = request.apis.of(ConsentsApi).ledger
    return await ledger.choose(_subject(body), choice, form="oral", source=source)


def _subject(query: ConsentQuery) -> Subject:
    return Subject(client_id=query.client_id, channel=query.channel, address=query.address)


operations = (
    ApiOperation(
        method="GET", path="/consents", handler=get_consents, right=VIEW, name="consents.get_consents",
        summary="What somebody has agreed to, with the ledger", query=ConsentQuery, result=ConsentOut,
    ),
    ApiOperation(
        method="POST", path="/consents", handler=record_consent, right=GRANT, name="consents.record_consent",
        summary="Record a consent with its proof, or its end", body=ConsentIn, result=EntryOut, status=201,
        errors=(401, 403, 404, 409, 415, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/consents/opt-out", handler=opt_out, right=OPT_OUT, name="consents.opt_out",
        summary="End advertising, or all messages, for somebody", body=OptOutIn, result=ConsentOut,
        errors=(401, 403, 404, 415, 422, 429),
    ),
)  # fmt: skip
