"""What can be done in the inbox. Thin: parse, ask the service, go back to the thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.crm.api import ClientEntry, CrmApi, Messenger, PhoneEntry
from hub.modules.messaging.api import MessageEntry, MessagingApi
from hub.modules.messaging.filling import with_agreement
from hub.modules.messaging.rules_templates import AGREE
from hub.modules.messaging.scope import SEND, VIEW, author_of, shops_of
from hub.modules.tasks.api import TasksApi
from hub.ports.messaging import NUMBERS


def _back(request: PageRequest, conversation_id: str | None = None, notice: str = "") -> web.StreamResponse:
    return request.redirect(f"/inbox/{conversation_id or request.path['id']}", notice=notice)


async def send(request: PageRequest) -> web.StreamResponse:
    """Write an answer; it leaves at once. A second click with the same key is the same message."""
    form, thread_id = request.form, request.path["id"]
    channel, _, address = form.get("way", "").partition(" ")
    key = form.get("key", "")[:60]
    api, shops, text = request.apis.of(MessagingApi), shops_of(request, SEND), form.get("text", "")
    thread = await api.reading.conversation(thread_id, shops)
    made = await with_agreement(request, text, thread.client_id, channel, address)
    entry = MessageEntry(
        text=text.replace(AGREE, made.get("agree", AGREE)), agree_url=made.get("agree", ""),
        conversation_id=thread_id, channel=channel or None, address=address or None, priority="dialogue",
        author=author_of(request), files=tuple(form.getall("file", [])),
        cause=f"inbox:{request.viewer.actor}:{key}" if key else "",
    )  # fmt: skip
    await api.queue_message(entry, shops)
    return _back(request)


async def start(request: PageRequest) -> web.StreamResponse:
    """Write to somebody first."""
    client_id, number = request.form.get("client_id", "") or None, request.form.get("number", "")
    outgoing = request.apis.of(MessagingApi).outgoing
    return _back(request, await outgoing.start(client_id, number, shops_of(request, SEND)))


async def note(request: PageRequest) -> web.StreamResponse:
    """For colleagues only."""
    threads = request.apis.of(MessagingApi).threads
    await threads.note(
        request.path["id"], request.form.get("text", ""), author_of(request), shops_of(request, SEND)
    )
    return _back(request)


async def own(request: PageRequest) -> web.StreamResponse:
    """Take it, give it, let go of it."""
    owner = request.form.get("owner", "") or None
    threads = request.apis.of(MessagingApi).threads
    await threads.own(request.path["id"], owner, shops_of(request, SEND))
    return _back(request)


async def take(request: PageRequest) -> web.StreamResponse:
    """It is the viewer's."""
    threads = request.apis.of(MessagingApi).threads
    if request.viewer.kind != "person":
        raise Invalid("messaging.no_person", "Only a person can take a conversation.", "Sign in as yourself.")
    await threads.own(request.path["id"], request.viewer.id, shops_of(request, SEND))
    return _back(request)


async def read(request: PageRequest) -> web.StreamResponse:
    """Somebody has looked."""
    await request.apis.of(MessagingApi).threads.read(request.path["id"], shops_of(request))
    return _back(request)


async def unread(request: PageRequest) -> web.StreamResponse:
    """To be looked at again."""
    await request.apis.of(MessagingApi).threads.unread(request.path["id"], shops_of(request))
    return request.redirect("/inbox")


async def close(request: PageRequest) -> web.StreamResponse:
    """Nothing is owed any more."""
    await request.apis.of(MessagingApi).threads.close(request.path["id"], shops_of(request, SEND))
    return _back(request)


async def reopen(request: PageRequest) -> web.StreamResponse:
    """It goes on."""
    await request.apis.of(MessagingApi).threads.reopen(request.path["id"], shops_of(request, SEND))
    return _back(request)


async def snooze(request: PageRequest) -> web.StreamResponse:
    """Put it off until one of the shop's moments."""
    moments = await request.apis.of(TasksApi).moments(request.viewer.shop_id)
    until = moments.get(request.form.get("until", ""))
    if until is None:
        raise Invalid("messaging.snooze", "Choose a time to come.", fields={"until": "A time to come"})
    await request.apis.of(MessagingApi).threads.snooze(request.path["id"], until, shops_of(request, SEND))
    return _back(request)


async def answering(request: PageRequest) -> web.StreamResponse:
    """The viewer types."""
    threads = request.apis.of(MessagingApi).threads
    await threads.answering(request.path["id"], author_of(request), shops_of(request, SEND))
    return _back(request)


async def choose(request: PageRequest) -> web.StreamResponse:
    """Say whose thread it is; an empty choice takes it back."""
    client_id = request.form.get("client_id", "") or None
    threads = request.apis.of(MessagingApi).threads
    return _back(request, await threads.choose(request.path["id"], client_id, shops_of(request)))


async def create(request: PageRequest) -> web.StreamResponse:
    """A new client from the thread, number or messenger filled in. A thread that has its client keeps it."""
    api, shops = request.apis.of(MessagingApi), shops_of(request)
    thread = await api.reading.conversation(request.path["id"], shops)
    if thread.client_id is not None:
        return _back(request)
    phones = [one.address for one in thread.addresses if one.channel in NUMBERS]
    telegrams = [one.address for one in thread.addresses if one.channel == "telegram"]
    entry = ClientEntry(
        name=request.form.get("name", "").strip(),
        phones=tuple(PhoneEntry(number=phone, is_main=place == 0) for place, phone in enumerate(phones)),
        messengers=tuple(Messenger(kind="telegram", address=address) for address in telegrams),
    )
    client = await request.apis.of(CrmApi).create_client(entry)
    chosen = await api.threads.choose(thread.id, client.id, shops)
    return _back(request, chosen, request.t("{name} is a client now.", name=client.title))


async def decide(request: PageRequest) -> web.StreamResponse:
    """Of a message in doubt: it has arrived, or it is sent once more."""
    said = request.form.get("said", "")
    if said not in ("sent", "again"):
        raise Invalid("messaging.form", "The form came broken.", "Reload the page and try again.")
    api, shops = request.apis.of(MessagingApi), shops_of(request, SEND)
    message = await api.reading.message(request.path["id"], shops)
    await api.threads.decide(message.id, is_sent=said == "sent", shops=shops)
    return _back(request, message.conversation_id)


async def again(request: PageRequest) -> web.StreamResponse:
    """Try a failed one once more."""
    api, shops = request.apis.of(MessagingApi), shops_of(request, SEND)
    message = await api.reading.message(request.path["id"], shops)
    await api.threads.again(message.id, shops)
    return _back(request, message.conversation_id)


def _post(
    path: str, handler: Callable[[PageRequest], Awaitable[web.StreamResponse]], right: str = SEND, *,
    is_quiet: bool = False,
) -> Route:  # fmt: skip
    return Route(
        method="POST", path=path, handler=handler, right=right, name=f"messaging.{handler.__name__}",
        is_quiet=is_quiet,
    )  # fmt: skip


routes = (
    _post("/inbox/start", start),
    _post("/inbox/{id}/send", send),
    _post("/inbox/{id}/notes", note),
    _post("/inbox/{id}/owner", own),
    _post("/inbox/{id}/take", take),
    _post("/inbox/{id}/read", read, VIEW, is_quiet=True),
    _post("/inbox/{id}/unread", unread, VIEW),
    _post("/inbox/{id}/close", close),
    _post("/inbox/{id}/reopen", reopen),
    _post("/inbox/{id}/snooze", snooze),
    _post("/inbox/{id}/answering", answering, is_quiet=True),
    _post("/inbox/{id}/client", choose, "clients.edit"),
    _post("/inbox/{id}/create", create, "clients.edit"),
    _post("/inbox/messages/{id}/decide", decide),
    _post("/inbox/messages/{id}/again", again),
)
