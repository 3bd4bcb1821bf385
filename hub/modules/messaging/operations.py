"""Conversations and messages in the API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.errors import Invalid, NotAllowed
from hub.events.messages import MessageState
from hub.kernel.listing import NEXT, ListQuery, Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.messaging.api import (
    ConversationFilter,
    ConversationPage,
    ConversationView,
    Direction,
    MessageEntry,
    MessageFilter,
    MessagePage,
    MessageView,
    MessagingApi,
    ThreadState,
    fill,
)
from hub.modules.messaging.filling import values_of, with_agreement
from hub.modules.messaging.rules import LONGEST_TEXT
from hub.modules.messaging.scope import SEND, VIEW, author_of, is_program, shops_of


def no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Purpose = Literal["dialogue", "service", "marketing"]
Word = Annotated[str, Field(max_length=128), AfterValidator(no_nul)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(no_nul)]


class AttachmentOut(BaseModel):
    """A file of a message."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    content_type: str
    size: int = Field(description="In bytes")
    name: Words
    state: str = Field(description="`waiting` to be fetched from the provider, `ready`, or `gone`")


class MessageOut(BaseModel):
    """A message. One of ours is `queued`, `sending`, `sent`, `delivered`, `read`, `failed`, or `unknown`: it
    may have gone out, and a person decides."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    conversation_id: str
    client_id: str | None
    channel: str
    direction: Direction
    state: MessageState
    text: Words
    attachments: list[AttachmentOut]
    address: Dialable = Field(description="The other side")
    provider_id: str | None
    error: str
    created_at: Moment
    settled_at: Moment | None
    edited_at: Moment | None
    author: Words
    parts: int = Field(description="Parts of an SMS, as the provider told; 0: not told")
    carried_by: str = Field(description="The channel that brought it, where it was not `channel`; else empty")


class MessagePageOut(BaseModel):
    """A stretch of the list, newest first."""

    model_config = ConfigDict(from_attributes=True)

    items: list[MessageOut]
    next: str | None = Field(description=NEXT)


class ConversationOut(BaseModel):
    """The thread with a client over all channels, or with somebody who is not known yet."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    client_id: str | None
    state: ThreadState
    owner_id: str | None
    unread: int
    waiting_since: Moment | None = Field(description="Since when they wait for an answer")
    snoozed_until: Moment | None
    last_at: Moment
    created_at: Moment


class ConversationPageOut(BaseModel):
    """A stretch of the list: whoever wrote or was written to last, first."""

    model_config = ConfigDict(from_attributes=True)

    items: list[ConversationOut]
    next: str | None = Field(description=NEXT)


class ConversationQuery(ListQuery):
    """Which conversations."""

    state: ThreadState | None = None
    client_id: Word | None = None
    owner_id: Word | None = None
    is_waiting: bool | None = None


class MessageQuery(ListQuery):
    """Which messages."""

    conversation_id: Word | None = None
    client_id: Word | None = None
    channel: Word | None = None
    state: MessageState | None = None


class MessageIn(Strict):
    """A message to be sent: to a client (by the best channel, or the named one), or to an address. Its words
    are `text`, or those of a `template` of the shop's with its variables filled in; a token of the role
    `integration` sends templates only. `purpose`: an answer of a person (`dialogue`), what they wait for
    (`service`), or advertising, which needs their consent (`marketing`)."""

    text: Text = ""
    template: Word | None = Field(None, description="Id of a template")
    values: dict[Word, Text] = Field(
        default_factory=dict, max_length=20, description="Variables that the hub does not know itself"
    )
    purpose: Purpose | None = Field(None, description="By default `dialogue`, of an integration `service`")
    client_id: Word | None = None
    channel: Word | None = None
    address: Annotated[str, Field(max_length=320), AfterValidator(no_nul)] | None = None


class TemplateOut(BaseModel):
    """A text of the shop's with variables in braces."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    title: Words
    text: Words


class TemplatesOut(BaseModel):
    """The shop's templates."""

    items: list[TemplateOut]


async def list_conversations(request: PageRequest, query: ConversationQuery) -> ConversationPage:
    """Newest first."""
    where = ConversationFilter(
        shops=shops_of(request), state=query.state, client_id=query.client_id, owner_id=query.owner_id,
        is_waiting=query.is_waiting,
    )  # fmt: skip
    reading = request.apis.of(MessagingApi).reading
    return await reading.conversations(where, cursor=query.cursor, limit=query.limit)


async def get_conversation(request: PageRequest) -> ConversationView:
    """As it stands."""
    return await request.apis.of(MessagingApi).reading.conversation(request.path["id"], shops_of(request))


async def list_messages(request: PageRequest, query: MessageQuery) -> MessagePage:
    """Newest first."""
    where = MessageFilter(
        shops=shops_of(request), conversation_id=query.conversation_id, client_id=query.client_id,
        channel=query.channel, state=query.state,
    )  # fmt: skip
    reading = request.apis.of(MessagingApi).reading
    return await reading.messages(where, cursor=query.cursor, limit=query.limit)


async def get_message(request: PageRequest) -> MessageView:
    """As it stands."""
    return await request.apis.of(MessagingApi).reading.message(request.path["id"], shops_of(request))


async def send_message(request: PageRequest, body: MessageIn) -> MessageView:
    """Write it down; it leaves after the commit."""
    of_program = is_program(request)
    if of_program and (body.template is None or body.text or body.purpose == "dialogue"):
        raise NotAllowed(
            "messaging.templates_only", "Programs send the shop’s templates only.",
            "Name a template; they are written under Settings, Templates and answers.",
        )  # fmt: skip
    purpose = body.purpose or ("service" if of_program else "dialogue")
    text, agree_url = (body.text, "") if body.template is None else await _of_template(request, body)
    entry = MessageEntry(
        text=text, agree_url=agree_url, client_id=body.client_id, channel=body.channel,
        address=body.address, purpose=purpose,
        priority="campaign" if purpose == "marketing" else "dialogue" if purpose == "dialogue" else "notice",
        author=author_of(request),
    )  # fmt: skip
    return await request.apis.of(MessagingApi).queue_message(entry, shops_of(request, SEND))


async def _of_template(request: PageRequest, body: MessageIn) -> tuple[str, str]:
    """Filled with what is known of the client, and with what the program gives; the link by which they
    agree, where there is one in it."""
    if body.text:
        raise Invalid("messaging.text_twice", "Give a text or a template, not both.")
    template = await request.apis.of(MessagingApi).templates.one(body.template or "")
    shop = await request.apis.of(AccessApi).shop(request.viewer.shop_id)
    known = await values_of(request, body.client_id, shop)
    own = {"requisites": known["requisites"]}  # to whom they pay is the shop's to say, never a program's
    made = await with_agreement(request, template.text, body.client_id, body.channel, body.address)
    return fill(template, {**known, **body.values, **own, **made}), made.get("agree", "")


async def list_templates(request: PageRequest) -> TemplatesOut:
    """All of them."""
    found = await request.apis.of(MessagingApi).templates.all()
    return TemplatesOut(items=[TemplateOut.model_validate(one) for one in found])


operations = (
    ApiOperation(
        method="GET", path="/conversations", handler=list_conversations, right=VIEW,
        name="messaging.list_conversations", summary="Conversations, the newest first",
        query=ConversationQuery, result=ConversationPageOut, errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="GET", path="/conversations/{id}", handler=get_conversation, right=VIEW,
        name="messaging.get_conversation", summary="A conversation", result=ConversationOut,
    ),
    ApiOperation(
        method="GET", path="/messages", handler=list_messages, right=VIEW, name="messaging.list_messages",
        summary="Messages, the newest first", query=MessageQuery, result=MessagePageOut,
    ),
    ApiOperation(
        method="GET", path="/messages/{id}", handler=get_message, right=VIEW, name="messaging.get_message",
        summary="A message, and how far it has come", result=MessageOut,
    ),
    ApiOperation(
        method="GET", path="/message-templates", handler=list_templates, right=SEND,
        name="messaging.list_templates", summary="The shop's templates for messages", result=TemplatesOut,
    ),
    ApiOperation(
        method="POST", path="/messages", handler=send_message, right=SEND, name="messaging.send_message",
        summary="Send a message; it is on its way when its state is `sent`", body=MessageIn,
        result=MessageOut, status=202, errors=(401, 403, 404, 409, 415, 422, 429),
    ),
)  # fmt: skip
