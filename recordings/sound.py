"""A recording's sound over HTTP: whole or one range of bytes, never kept by anybody on the way."""

from __future__ import annotations

from aiohttp import hdrs, web

from hub.errors import NotFound
from hub.kernel.web import PageRequest
from recordings.api import RecordingsApi, RecordingView, RenditionView
from recordings.rules import ByteRange, clock, range_of
from recordings.scope import recording_of
from recordings.store import store_of

_PROBE = 1024
"""A browser that asks for so few bytes only looks whether ranges are served."""


async def media(request: PageRequest) -> web.StreamResponse:
    """The sound of the recording in the address; `?form=original|opus|mp3` asks for one of its files."""
    return await answer(request, request.query.get("form", ""))


async def answer(request: PageRequest, form: str) -> web.StreamResponse:
    """One of its files, "" for the best there is: all of it, or the bytes that the request asks for."""
    return await send(request, *await _wanted(request, form))


async def send(
    request: PageRequest, recording: RecordingView, file: RenditionView, *, as_file: str = ""
) -> web.StreamResponse:
    """This file; `as_file`: to be kept under this name, without its ending."""
    store = store_of(request.deps)
    size = await store.size(file.path)
    headers = {
        hdrs.CONTENT_TYPE: file.content_type,
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CACHE_CONTROL: "no-store",
        hdrs.ETAG: f'"{file.sha256[:32]}"',
        "X-Content-Type-Options": "nosniff",
        hdrs.CONTENT_DISPOSITION: f"{'attachment' if as_file else 'inline'};"
        f' filename="{as_file or recording.id}.{_ending(file)}"',
    }
    try:
        part = _part(request, file, size)
    except ValueError as error:
        raise web.HTTPRequestRangeNotSatisfiable(headers={hdrs.CONTENT_RANGE: f"bytes */{size}"}) from error
    sent = part or ByteRange(0, size)
    headers[hdrs.CONTENT_LENGTH] = str(sent.length)
    if part is not None:
        headers[hdrs.CONTENT_RANGE] = f"bytes {sent.start}-{sent.last}/{size}"
    body = store.read(file.path, sent.start, sent.length)
    return web.Response(status=206 if part is not None else 200, headers=headers, body=body)


async def noting(request: PageRequest) -> str | None:
    """Who listened to which part; once per sitting and stretch."""
    recording, file = await _wanted(request, request.query.get("form", ""))
    heard = stretch(request, recording, file)
    if heard is None:
        return None
    viewer = request.viewer
    listens = request.apis.of(RecordingsApi).listens
    is_new = await listens.note(recording, heard, actor=viewer.actor or "", name=viewer.name)
    return f"{recording.id} {clock(heard[0])}-{clock(heard[1])}" if is_new else None


def stretch(
    request: PageRequest, recording: RecordingView, file: RenditionView
) -> tuple[float, float] | None:
    """Which part of the sound (seconds) the request gets; None: it only looks."""
    part = _part(request, file, file.size) or ByteRange(0, file.size)
    if part.length <= min(_PROBE, file.size - 1) or request.http.method == hdrs.METH_HEAD:
        return None
    scale = recording.duration_seconds / max(1, file.size)
    return round(part.start * scale, 1), round((part.last + 1) * scale, 1)


def best_of(recording: RecordingView) -> RenditionView:
    """What is played where nobody asks for a form. Raises NotFound."""
    if recording.playable is None:
        raise NotFound("recordings.nothing_to_hear", "There is nothing to hear.")
    return recording.playable


async def _wanted(request: PageRequest, form: str) -> tuple[RecordingView, RenditionView]:
    recording = await recording_of(request)
    file = recording.renditions.get(form) if form in ("original", "opus", "mp3") else recording.playable
    if file is None or recording.state in ("erased", "empty"):
        raise NotFound(
            "recordings.nothing_to_hear", "There is nothing to hear.",
            "The recording is empty, damaged or erased; its row says which.",
        )  # fmt: skip
    return recording, file


def _part(request: PageRequest, file: RenditionView, size: int) -> ByteRange | None:
    """None: everything, also when the file is another one than the player began with."""
    said = request.http.headers.get(hdrs.IF_RANGE)
    if said is not None and said != f'"{file.sha256[:32]}"':
        return None
    return range_of(request.http.headers.get(hdrs.RANGE), size)


def _ending(file: RenditionView) -> str:
    return file.path.rpartition(".")[2]
