"""What programs do with conversations in the API."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.errors import Conflict, Invalid
from hub.kernel.listing import Asked, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.messaging.api import ConversationView, MessagingApi, NoteView, ThreadState
from hub.modules.messaging.operations import ConversationOut, Word, no_nul
from hub.modules.messaging.scope import SEND, author_of, shops_of
from hub.modules.messaging.service_threads import LONGEST_NOTE


class ConversationChange(Strict):
    """What is named changes; `snoozed_until` goes with the state `snoozed`."""

    state: ThreadState | None = None
    owner_id: Word | None = None
    snoozed_until: Asked | None = None
    rev: int | None = Field(None, description="The `rev` that you saw; of two changes the second is told 409")


class NoteIn(Strict):
    """A note for colleagues; the client never sees it."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE), AfterValidator(no_nul)]


class NoteOut(BaseModel):
    """What a colleague wrote for colleagues."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    text: Words
    author: str
    created_at: Moment


async def change(request: PageRequest, body: ConversationChange) -> ConversationView:
    """Close, open, put off, give."""
    api, shops, thread_id = request.apis.of(MessagingApi), shops_of(request, SEND), request.path["id"]
    thread = await api.reading.conversation(thread_id, shops)
    if body.rev is not None and body.rev != thread.rev:
        raise Conflict("messaging.stale", "Somebody else has changed this meanwhile.", "Look at it again.")
    if (body.state == "snoozed") != (body.snoozed_until is not None):
        raise Invalid(
            "messaging.snooze", "Choose a time to come.", fields={"snoozed_until": "A time to come"}
        )
    if "owner_id" in body.model_fields_set:
        await api.threads.own(thread.id, body.owner_id, shops)
    if body.snoozed_until is not None:
        await api.threads.snooze(thread.id, body.snoozed_until, shops)
    elif body.state == "closed":
        await api.threads.close(thread.id, shops)
    elif body.state == "open":
        await api.threads.reopen(thread.id, shops)
    return await api.reading.conversation(thread.id, shops)


async def add_note(request: PageRequest, body: NoteIn) -> NoteView:
    """For colleagues only."""
    threads = request.apis.of(MessagingApi).threads
    return await threads.note(request.path["id"], body.text, author_of(request), shops_of(request, SEND))


operations = (
    ApiOperation(
        method="PATCH", path="/conversations/{id}", handler=change, right=SEND,
        name="messaging.change_conversation", summary="Close a conversation, open it, put it off, give it",
        body=ConversationChange, result=ConversationOut, errors=(401, 403, 404, 409, 415, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/conversations/{id}/notes", handler=add_note, right=SEND,
        name="messaging.add_note", summary="Leave a note for colleagues in a conversation", body=NoteIn,
        result=NoteOut, status=201, errors=(401, 403, 404, 409, 415, 422, 429),
    ),
)  # fmt: skip
