"""Tasks in the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.errors import NotFound
from hub.events.tasks import TaskKind, TaskReason, TaskState
from hub.kernel.listing import NEXT, Asked, ListQuery, Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.tasks.api import TaskEntry, TaskFilter, TasksApi, TaskView
from hub.modules.tasks.rules import LONGEST_NOTE, LONGEST_TITLE, MissKind, TryOutcome
from hub.modules.tasks.scope import DO, VIEW, holder_of, shops_of
from hub.modules.tasks.titles import titles_of
from hub.values import ShopId


def no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Text = Annotated[str, Field(max_length=128), AfterValidator(no_nul)]
Note = Annotated[str, Field(max_length=LONGEST_NOTE), AfterValidator(no_nul)]


class MissOut(BaseModel):
    """A missed call that the task is of."""

    model_config = ConfigDict(from_attributes=True)

    call_id: str
    shop_id: str
    kind: MissKind
    reason: str | None = Field(description="As a call's `missed_reason`")
    number: Dialable | None
    line: str | None
    started_at: Moment
    is_settled: bool = Field(description="A later call or word has made it good")


class TryOut(BaseModel):
    """Somebody tried to reach the client; `asked`: a talk too short to be sure."""

    model_config = ConfigDict(from_attributes=True)

    call_id: str | None
    at: Moment
    outcome: TryOutcome
    talk_seconds: float
    who: str
    note: Words
    is_elsewhere: bool = Field(description="At a shop that you may not see into; the rest is not told")


class WishOut(BaseModel):
    """A caller in a queue pressed a key to be called back."""

    model_config = ConfigDict(from_attributes=True)

    call_id: str
    queue: str
    place: int | None = Field(description="In the queue when the key was pressed, 1 = the next")
    waiting_since: Moment | None
    asked_at: Moment


class TaskOut(BaseModel):
    """Something to do. A call-back closes by itself when a later call with the client was answered and
    talked long enough. There is one for a client over all shops; what happened at a shop that you may not see
    into is not told."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    kind: TaskKind
    title: Words
    note: Words
    state: TaskState
    reason: TaskReason | None = Field(description="Why it is not open any more")
    owner_id: str | None
    due_at: Moment | None
    escalate_at: Moment | None
    is_escalated: bool
    call_id: str | None = Field(description="The newest missed call")
    client_id: str | None
    number: Dialable | None
    line: str | None
    claimed_by: str | None = Field(description="Who has it in hand until `claimed_until`")
    claimed_name: str
    claimed_until: Moment | None
    is_held_elsewhere: bool = Field(description="A shop that you may not see into has it in hand")
    shop_ids: list[str] = Field(description="Your shops that wait for the client, where it began first")
    is_shared: bool = Field(description="A shop that you may not see into waits for the client, too")
    failed_tries: int
    is_asked: bool = Field(description="Somebody is to answer whether the client was reached")
    is_exhausted: bool = Field(
        description="Tried in vain as often as the settings allow: give up, or once more"
    )
    created_at: Moment
    closed_at: Moment | None
    misses: list[MissOut]
    tries: list[TryOut]
    wish: WishOut | None = Field(description="They asked by a key in a queue to be called back")


class TaskPageOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[TaskOut]
    next: str | None = Field(description=NEXT)


class TaskQuery(ListQuery):
    """Which tasks."""

    state: TaskState | None = None
    kind: TaskKind | None = None
    owner_id: Text | None = None
    client_id: Text | None = None
    number: Text | None = Field(None, description="In any writing")


class TaskIn(Strict):
    """A task made by hand. A call-back needs a number or a client; without `due_at` its clock runs in
    working minutes."""

    kind: TaskKind = "todo"
    title: Annotated[str, Field(max_length=LONGEST_TITLE), AfterValidator(no_nul)] = ""
    note: Note = ""
    due_at: Asked | None = None
    owner_id: Text | None = None
    client_id: Text | None = None
    number: Text | None = None
    shop_id: Text | None = Field(None, description="Yours, where it is left out")


class TaskChange(Strict):
    """What is given is changed; with `rev` only if nothing changed meanwhile."""

    rev: int | None = None
    title: Annotated[str, Field(max_length=LONGEST_TITLE), AfterValidator(no_nul)] | None = None
    note: Note | None = None
    due_at: Asked | None = None
    owner_id: Text | None = None


class NoteIn(Strict):
    """A word to it."""

    note: Note = ""


class AnswerIn(Strict):
    """Whether the client was reached."""

    is_reached: bool


class CloseIn(Strict):
    """Why it is over: `done`, `reached`, `unreached` (given up), `not_needed`."""

    reason: Literal["done", "reached", "unreached", "not_needed"] = "done"
    note: Note = ""


class CountsOut(BaseModel):
    """What waits. `talking`: call-backs whose client is on the line now, in no other number. `soft` (single
    short calls) and `withheld` are of today."""

    model_config = ConfigDict(from_attributes=True)

    open: int
    late: int
    escalated: int
    asked: int
    talking: int
    soft: int
    withheld: int
    oldest_at: Moment | None


async def list_tasks(request: PageRequest, query: TaskQuery) -> TaskPageOut:
    """Newest first."""
    where = TaskFilter(
        shops=shops_of(request), state=query.state, kind=query.kind, owner_id=query.owner_id,
        client_id=query.client_id, number=query.number,
    )  # fmt: skip
    page = await request.apis.of(TasksApi).reading.page(where, cursor=query.cursor, limit=query.limit)
    return TaskPageOut(items=await _tasks(request, page.items), next=page.next)


async def count_tasks(request: PageRequest) -> CountsOut:
    """As the badge counts them."""
    return CountsOut.model_validate(await request.apis.of(TasksApi).reading.counts(shops_of(request)))


async def get_task(request: PageRequest) -> TaskOut:
    """The task as it stands."""
    return await _task(
        request, await request.apis.of(TasksApi).reading.one(request.path["id"], shops_of(request))
    )


async def create_task(request: PageRequest, body: TaskIn) -> TaskOut:
    """A new one. 409 `tasks.there_is_one` when the client waits for a call already."""
    shops = shops_of(request, DO)
    shop_id = ShopId(body.shop_id) if body.shop_id is not None else request.viewer.shop_id
    if shops is not None and shop_id not in shops:
        raise NotFound("access.shop_unknown", "There is no such shop.")
    entry = TaskEntry(**{**body.model_dump(), "shop_id": shop_id})
    return await _task(request, await request.apis.of(TasksApi).doing.create(entry, shops))


async def change_task(request: PageRequest, body: TaskChange) -> TaskOut:
    """Title, note, owner, time; null takes owner and time away."""
    changes = {name: getattr(body, name) for name in body.model_fields_set - {"rev"}}
    changes = {name: value for name, value in changes.items() if value is not None or name in _EMPTIABLE}
    doing = request.apis.of(TasksApi).doing
    return await _task(
        request, await doing.change(request.path["id"], changes, body.rev, shops_of(request, DO))
    )


async def claim_task(request: PageRequest) -> TaskOut:
    """Take it in hand for some minutes. 409 `tasks.claimed` while somebody else has it."""
    doing = request.apis.of(TasksApi).doing
    return await _task(
        request, await doing.claim(request.path["id"], holder_of(request), shops_of(request, DO))
    )


async def release_task(request: PageRequest) -> TaskOut:
    """Nobody has it in hand any more."""
    doing = request.apis.of(TasksApi).doing
    return await _task(request, await doing.release(request.path["id"], shops_of(request, DO)))


async def try_task(request: PageRequest, body: NoteIn) -> TaskOut:
    """It was tried in vain, by a phone that the PBX does not see: its clock begins anew."""
    doing = request.apis.of(TasksApi).doing
    return await _task(
        request,
        await doing.tried(request.path["id"], holder_of(request), body.note, shops_of(request, DO)),
    )


async def answer_task(request: PageRequest, body: AnswerIn) -> TaskOut:
    """Say whether the client was reached."""
    doing = request.apis.of(TasksApi).doing
    return await _task(
        request,
        await doing.answer(request.path["id"], holder_of(request), body.is_reached, shops_of(request, DO)),
    )


async def close_task(request: PageRequest, body: CloseIn) -> TaskOut:
    """It is over."""
    doing = request.apis.of(TasksApi).doing
    return await _task(
        request, await doing.close(request.path["id"], body.reason, body.note, shops_of(request, DO))
    )


async def reopen_task(request: PageRequest) -> TaskOut:
    """It was closed by mistake."""
    doing = request.apis.of(TasksApi).doing
    return await _task(request, await doing.reopen(request.path["id"], shops_of(request, DO)))


_EMPTIABLE = frozenset({"owner_id", "due_at"})


async def _task(request: PageRequest, view: TaskView) -> TaskOut:
    return (await _tasks(request, [view]))[0]


async def _tasks(request: PageRequest, views: Sequence[TaskView]) -> list[TaskOut]:
    """A call-back that nobody gave a title has one that says whom to call."""
    titles = await titles_of(request, views)
    most = request.deps.settings.tasks.most_tries
    return [task_out(view, titles[view.id], most) for view in views]


def task_out(view: TaskView, title: str, most_tries: int) -> TaskOut:
    """A task as the API gives it out."""
    fields = {name: getattr(view, name) for name in TaskOut.model_fields if hasattr(view, name)}
    is_exhausted = view.state == "open" and view.failed_tries >= most_tries
    fields |= {"title": title, "is_asked": view.asked is not None, "is_exhausted": is_exhausted}
    return TaskOut.model_validate(fields)


_CHANGES = (401, 403, 404, 409, 415, 422, 429)

operations = (
    ApiOperation(
        method="GET", path="/tasks", handler=list_tasks, right=VIEW, name="tasks.list_tasks",
        summary="List the tasks", query=TaskQuery, result=TaskPageOut, errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/tasks", handler=create_task, right=DO, name="tasks.create_task",
        summary="Add a task", body=TaskIn, result=TaskOut, status=201, errors=_CHANGES,
    ),
    ApiOperation(
        method="GET", path="/tasks/counts", handler=count_tasks, right=VIEW, name="tasks.count_tasks",
        summary="How many tasks wait", result=CountsOut, errors=(401, 403, 429),
    ),
    ApiOperation(
        method="GET", path="/tasks/{id}", handler=get_task, right=VIEW, name="tasks.get_task",
        summary="One task", result=TaskOut, errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="PATCH", path="/tasks/{id}", handler=change_task, right=DO, name="tasks.change_task",
        summary="Change a task", body=TaskChange, result=TaskOut, errors=_CHANGES,
    ),
    ApiOperation(
        method="POST", path="/tasks/{id}/claim", handler=claim_task, right=DO, name="tasks.claim_task",
        summary="Take a task in hand", result=TaskOut, errors=_CHANGES,
    ),
    ApiOperation(
        method="POST", path="/tasks/{id}/release", handler=release_task, right=DO,
        name="tasks.release_task", summary="Let go of a task", result=TaskOut, errors=_CHANGES,
    ),
    ApiOperation(
        method="POST", path="/tasks/{id}/try", handler=try_task, right=DO, name="tasks.try_task",
        summary="Say that it was tried in vain", body=NoteIn, result=TaskOut, errors=_CHANGES,
    ),
    ApiOperation(
        method="POST", path="/tasks/{id}/answer", handler=answer_task, right=DO, name="tasks.answer_task",
        summary="Say whether the client was reached", body=AnswerIn, result=TaskOut, errors=_CHANGES,
    ),
    ApiOperation(
        method="POST", path="/tasks/{id}/close", handler=close_task, right=DO, name="tasks.close_task",
        summary="Close a task", body=CloseIn, result=TaskOut, errors=_CHANGES,
    ),
    ApiOperation(
        method="POST", path="/tasks/{id}/reopen", handler=reopen_task, right=DO, name="tasks.reopen_task",
        summary="Open a closed task again", result=TaskOut, errors=_CHANGES,
    ),
)  # fmt: skip
