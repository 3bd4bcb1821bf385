"""The inbox as people read it: who writes, with which car, what was said by message, by phone, among us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.masking import Words
from hub.kernel.web import PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallFilter, CallsApi, CallView
from hub.modules.crm.api import Candidate, ClientView, CrmApi, VehicleView
from hub.modules.messaging.api import (
    ConversationFilter,
    ConversationView,
    MessageFilter,
    MessageView,
    MessagingApi,
    NoteView,
    TemplateView,
    WayView,
)
from hub.modules.messaging.scope import SEND, shops_of
from hub.modules.tasks.api import TasksApi
from hub.ports.messaging import NUMBERS

Box = Literal["open", "mine", "snoozed", "doubt", "all"]
BOXES: tuple[Box, ...] = ("open", "mine", "snoozed", "doubt", "all")
_ROWS = 30
_ENTRIES = 30
_CALLS = 40
_NOTES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """A thread with what the list shows of it."""

    thread: ConversationView
    title: Words
    client: ClientView | None
    owner: str
    is_mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something in a thread: one of the three."""

    at: datetime
    message: MessageView | None = None
    note: NoteView | None = None
    call: CallView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenThread:
    """The thread that is looked at. `earlier` continues it upwards; `number` is theirs where it is known."""

    row: ThreadRow
    entries: tuple[Entry, ...]
    earlier: str | None
    is_now: bool
    cars: tuple[VehicleView, ...]
    candidates: tuple[Candidate, ...]
    number: str | None
    people: Mapping[str, str]
    later: Mapping[str, datetime]
    ways: tuple[WayView, ...]
    templates: tuple[TemplateView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """Everything on the page."""

    box: Box
    rows: tuple[ThreadRow, ...]
    further: str | None
    waiting: int
    doubts: int
    open: OpenThread | None
    channels: tuple[str, ...]
    now: datetime


async def inbox_page(request: PageRequest, open_id: str | None) -> InboxPage:
    """The list of the chosen box, and the open thread."""
    api, shops = request.apis.of(MessagingApi), shops_of(request)
    asked = request.query.get("box", "open")
    box: Box = next((one for one in BOXES if one == asked), "open")
    waiting, _ = await api.reading.waiting(shops)
    threads, further = await _threads(request, box)
    rows = await thread_rows(request, threads)
    opened = await open_thread(request, open_id) if open_id is not None else None
    return InboxPage(
        box=box, rows=rows, further=further, waiting=waiting, open=opened,
        doubts=await api.reading.doubts(shops),
        channels=api.channels.names(), now=request.deps.clock.now(),
    )  # fmt: skip


async def _threads(request: PageRequest, box: Box) -> tuple[tuple[ConversationView, ...], str | None]:
    reading, shops = request.apis.of(MessagingApi).reading, shops_of(request)
    if box == "doubt":
        return await reading.doubted(shops, _ROWS), None
    where = {
        "open": ConversationFilter(shops=shops, state="open"),
        "mine": ConversationFilter(shops=shops, state="open", owner_id=request.viewer.id),
        "snoozed": ConversationFilter(shops=shops, state="snoozed"),
    }.get(box, ConversationFilter(shops=shops))
    page = await reading.conversations(where, cursor=request.query.get("after") or None, limit=_ROWS)
    return page.items, page.next


async def thread_rows(request: PageRequest, threads: Sequence[ConversationView]) -> tuple[ThreadRow, ...]:
    """Threads with names, in their order."""
    ids = {thread.client_id for thread in threads if thread.client_id is not None}
    clients = await request.apis.of(CrmApi).clients_by_ids(ids)
    owners = {thread.owner_id for thread in threads if thread.owner_id is not None}
    people = await _people(request) if owners else {}
    return tuple(_row(request, thread, clients.get(thread.client_id or ""), people) for thread in threads)


def _row(
    request: PageRequest, thread: ConversationView, client: ClientView | None, people: Mapping[str, str]
) -> ThreadRow:
    return ThreadRow(
        thread=thread, title=title_of(thread, client), client=client,
        owner=people.get(thread.owner_id or "", ""), is_mine=thread.owner_id == request.viewer.id,
    )  # fmt: skip


def title_of(thread: ConversationView, client: ClientView | None) -> str:
    """What to call the other side."""
    if client is not None:
        return client.title
    written = next((one.writer for one in thread.addresses if one.writer), "")
    return written or next((one.address for one in thread.addresses), "?")


async def open_thread(request: PageRequest, conversation_id: str) -> OpenThread:
    """The newest stretch of a thread, or the one before `before`. Raises NotFound."""
    api, shops = request.apis.of(MessagingApi), shops_of(request)
    thread = await api.reading.conversation(conversation_id, shops)
    (row,) = await thread_rows(request, [thread])
    before = request.query.get("before") or None
    entries, earlier = await _entries(request, thread, before)
    numbers = [one.address for one in thread.addresses if one.channel in NUMBERS]
    number = numbers[0] if numbers else None
    crm = request.apis.of(CrmApi)
    match = await crm.caller(number) if row.client is None and number is not None else None
    cars = await crm.vehicles_of([row.client.id]) if row.client is not None else {}
    may_send = request.viewer.can(SEND)
    return OpenThread(
        row=row, entries=entries, earlier=earlier, is_now=before is None,
        cars=cars.get(row.client.id, ()) if row.client is not None else (),
        candidates=match.candidates if match is not None else (), number=number,
        people=await _people(request) if may_send else {},
        later=await request.apis.of(TasksApi).moments(request.viewer.shop_id) if may_send else {},
        ways=await api.ways(thread.client_id, thread.id) if may_send else (),
        templates=await api.templates.all() if may_send else (),
    )  # fmt: skip


async def _entries(
    request: PageRequest, thread: ConversationView, before: str | None
) -> tuple[tuple[Entry, ...], str | None]:
    """Messages by the page; notes and calls of the same time between them."""
    reading = request.apis.of(MessagingApi).reading
    where = MessageFilter(conversation_id=thread.id)
    page = await reading.messages(where, cursor=before, limit=_ENTRIES)
    since = page.items[-1].created_at if page.items and page.next else None
    until = page.items[0].created_at if page.items and before is not None else None
    entries = [Entry(at=one.created_at, message=one) for one in page.items]
    notes = await reading.notes(thread.id, since, until, _NOTES)
    entries += [Entry(at=one.created_at, note=one) for one in notes]
    if request.viewer.can("calls.view"):
        entries += [Entry(at=one.started_at, call=one) for one in await _calls(request, thread, since, until)]
    entries.sort(key=lambda entry: (entry.at, entry.message.n if entry.message is not None else 0))
    return tuple(entries), page.next


async def _calls(
    request: PageRequest, thread: ConversationView, since: datetime | None, until: datetime | None
) -> tuple[CallView, ...]:
    viewer = request.viewer
    shops = None if viewer.rights.get("calls.view") == "all" else viewer.reaching("calls.view").shop_ids
    number = next((one.address for one in thread.addresses if one.channel in NUMBERS), None)
    if thread.client_id is None and number is None:
        return ()
    whose = {"client_id": thread.client_id} if thread.client_id is not None else {"number": number}
    where = CallFilter(shops=shops, since=since, until=until, **whose)
    return (await request.apis.of(CallsApi).history(where, limit=_CALLS)).items


async def _people(request: PageRequest) -> dict[str, str]:
    found = await request.apis.of(AccessApi).list_people(shops_of(request), only_active=True)
    return {one.id: one.name for one in found}
