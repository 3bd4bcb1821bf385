"""Parts of a recording: cut with a reason (and a second person, unless the right says alone), fetched, heard
in the page, removed."""

from __future__ import annotations

from aiohttp import hdrs, web

from hub.errors import NotFound
from hub.kernel.web import PageRequest, Route
from recordings import sound
from recordings.api import RecordingsApi, RecordingView
from recordings.cutting import JOB
from recordings.rights import EXPORT, EXPORT_ALONE
from recordings.rules import clock
from recordings.rules_parts import moment_of
from recordings.scope import recording_of
from recordings.service_clips import as_recording
from recordings.views_library import ClipView
from recordings.web_sharing import Handler, pair


def order(right: str) -> Handler:
    """A job cuts it; its page shows how far it is."""

    async def make(request: PageRequest) -> web.StreamResponse:
        recording = await recording_of(request, right)
        begin, end = (moment_of(request.form.get(name, "")) for name in ("from", "to"))
        clip = await request.apis.of(RecordingsApi).clips.order(
            recording, begin, end, reason=request.form.get("reason", ""), made_name=request.viewer.name,
            second=request.second,
        )  # fmt: skip
        payload = {"clip_id": clip.id}
        run = await request.deps.jobs.enqueue(request.uow, JOB, payload, key=clip.id)
        return request.redirect(f"/jobs/{run}")

    return make


async def fetch(request: PageRequest) -> web.StreamResponse:
    """The file of a part: whoever asked for it, or may take sound out of the house alone."""
    recording, clip = await clip_of(request)
    name = f"recording-{recording.started_at:%Y-%m-%d-%H%M}-{recording.id}-{int(clip.begin_seconds)}s"
    part = as_recording(recording, clip)
    response = await sound.send(request, part, sound.best_of(part), as_file=name)
    response.headers[hdrs.REFERRER_POLICY] = "no-referrer"
    return response


async def note_fetched(request: PageRequest) -> str | None:
    """It counts as listening to that part."""
    recording, clip = await clip_of(request)
    heard = (clip.begin_seconds, clip.end_seconds)
    viewer, listens = request.viewer, request.apis.of(RecordingsApi).listens
    await listens.note(recording, heard, actor=viewer.actor or "", name=viewer.name)
    return f"{recording.id} {clock(heard[0])}-{clock(heard[1])} {clip.id}"


async def remove(request: PageRequest) -> web.StreamResponse:
    """It is gone, and its links open nothing."""
    recording, clip = await clip_of(request)
    await request.apis.of(RecordingsApi).clips.remove(clip)
    return request.redirect(f"/recordings/{recording.id}#clips", notice=request.t("The part is removed."))


async def clip_of(request: PageRequest) -> tuple[RecordingView, ClipView]:
    """The part of the address. Raises NotFound, also for one that somebody else has cut."""
    right = EXPORT_ALONE if request.viewer.can(EXPORT_ALONE) else EXPORT
    recording = await recording_of(request, right)
    clip = await request.apis.of(RecordingsApi).clips.one(recording.id, request.path["clip"])
    if clip.made_by != request.viewer.actor and not request.viewer.can(EXPORT_ALONE):
        raise NotFound(
            "recordings.clip_unknown", "There is no such part of this recording.", "Cut it once more."
        )
    return recording, clip


routes = (
    *pair("/recordings/{id}/clips", order, "cut"),
    Route(
        method="GET", path="/recordings/{id}/clips/{clip}", handler=fetch, right=EXPORT,
        name="recordings.fetch_clip", is_noted=True, noting=note_fetched,
    ),
    Route(
        method="POST", path="/recordings/{id}/clips/{clip}/remove", handler=remove, right=EXPORT,
        name="recordings.remove_clip",
    ),
)  # fmt: skip
