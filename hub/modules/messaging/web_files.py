"""Files of messages: uploaded beside an answer, and given out so that no browser runs them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from hub.errors import Invalid, NotFound
from hub.kernel.storage.orm import new_id
from hub.kernel.web import PUBLIC, PageRequest, Route
from hub.modules.messaging import store
from hub.modules.messaging.api import FileView, MessagingApi
from hub.modules.messaging.file_links import PATH, file_behind
from hub.modules.messaging.rules_files import PICTURES
from hub.modules.messaging.scope import SEND, VIEW, shops_of

MOST_BYTES = 20_000_000
_MEGABYTE = 1_000_000


async def keep(request: PageRequest) -> store.Stored:
    """Onto the disk, before the unit of work opens."""
    upload, settings = request.upload, request.deps.settings.messaging
    if upload is None or not upload.data:
        raise Invalid("messaging.no_file", "Choose a file first.", fields={"file": "Choose a file first."})
    if len(upload.data) > settings.largest_file_mb * _MEGABYTE:
        raise Invalid(
            "messaging.large_file", "This file is too large.", "Send a smaller one.",
            fields={"file": "This file is too large."},
        )  # fmt: skip
    file_id = new_id(request.deps.clock)
    return await asyncio.to_thread(store.write, Path(settings.files), file_id, upload.data)


async def upload(request: PageRequest) -> web.StreamResponse:
    """What was uploaded, by its id: the answer takes it along."""
    name = request.upload.name if request.upload is not None else ""
    file = await request.apis.of(MessagingApi).files.add(request.prepared, name)
    return web.json_response(
        {"id": file.id, "name": file.name, "content_type": file.content_type, "size": file.size}
    )


async def show(request: PageRequest) -> web.StreamResponse:
    """A picture in the page; everything else as a download."""
    file, path = await request.apis.of(MessagingApi).files.one(request.path["id"], shops_of(request))
    return await _given_out(request, file, path)


async def give(request: PageRequest) -> web.StreamResponse:
    """Public: a signed address that is good for a while; providers fetch by it what they are to send."""
    file_id = file_behind(request.deps.seal, request.path["token"], request.deps.clock.now())
    try:
        if file_id is None:
            raise NotFound("messaging.unknown_file", "There is no such file.")
        file, path = await request.apis.of(MessagingApi).files.given(file_id)
        return await _given_out(request, file, path)
    except NotFound:
        return request.page("messaging/file_gone.html", status=404)


async def _given_out(request: PageRequest, file: FileView, path: str) -> web.StreamResponse:
    whole = Path(request.deps.settings.messaging.files) / path
    if not await asyncio.to_thread(whole.is_file):
        raise NotFound("messaging.unknown_file", "There is no such file.")
    how = "inline" if file.content_type in PICTURES else "attachment"
    name = request.seen(file).name or f"{file.id[-6:]}"
    return web.FileResponse(
        whole,
        headers={
            "Content-Type": file.content_type,
            "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name)}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=3600",
        },
    )


routes = (
    Route(
        method="POST", path="/inbox/files", handler=upload, right=SEND, name="messaging.upload", before=keep,
        upload=MOST_BYTES,
    ),
    Route(method="GET", path="/inbox/files/{id}", handler=show, right=VIEW, name="messaging.file"),
    Route(
        method="GET", path=PATH, handler=give, right=PUBLIC, name="messaging.give_file", is_guessable=True
    ),
)  # fmt: skip
