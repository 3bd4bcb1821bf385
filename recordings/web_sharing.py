"""What leaves the house: a download, a ZIP, a link for somebody outside; each with a reason, and with a
second person unless the right says alone. The page behind a link is public: whoever has it may listen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import hdrs, web

from hub.errors import NotFound
from hub.kernel.web import PUBLIC, PageRequest, Route
from hub.modules.access.api import AccessApi
from recordings import jobs, sound
from recordings.api import RecordingsApi, RecordingView
from recordings.asking import asked_of
from recordings.rights import EXPORT, EXPORT_ALONE
from recordings.scope import reach_of, recording_of
from recordings.service_clips import as_recording, peaks_within
from recordings.service_sharing import MOST_BUNDLED, clean_reason
from recordings.store import store_of
from recordings.views_library import ClipView, ShareView
from recordings.web_player import Player

Handler = Callable[[PageRequest], Awaitable[web.StreamResponse]]
FINEST_PEAKS = 20_000
_NEVER_KEPT = {
    hdrs.CACHE_CONTROL: "no-store", hdrs.REFERRER_POLICY: "no-referrer", "X-Robots-Tag": "noindex, nofollow",
}  # fmt: skip


def download(right: str) -> Handler:
    """The file itself, with its name."""

    async def send(request: PageRequest) -> web.StreamResponse:
        recording = await recording_of(request, right)
        reason = clean_reason(request.form.get("reason", ""))
        name = f"recording-{recording.started_at:%Y-%m-%d-%H%M}-{recording.id}"
        note(request, recording, "download", reason)
        return await sound.send(request, recording, sound.best_of(recording), as_file=name)

    return send


def share(right: str) -> Handler:
    """A link; its address is shown once."""

    async def make(request: PageRequest) -> web.StreamResponse:
        recording = await recording_of(request, right)
        days, clip_id = request.form.get("days", ""), request.form.get("clip", "") or None
        api = request.apis.of(RecordingsApi)
        if clip_id is not None:
            as_recording(recording, await api.clips.one(recording.id, clip_id))
        _, secret = await api.sharing.share(
            recording, clip_id=clip_id, days=int(days) if days.isascii() and days.isdecimal() else 0,
            reason=request.form.get("reason", ""), made_name=request.viewer.name, second=request.second,
        )  # fmt: skip
        return request.page(
            "recordings/shared_now.html", recording=recording, address=address_of(request, secret)
        )

    return make


def bundle(right: str) -> Handler:
    """Those that the filter shows, as a ZIP: the page shows how far it is."""

    async def order(request: PageRequest) -> web.StreamResponse:
        api = request.apis.of(RecordingsApi)
        ids = [one for one in request.form.getall("recording", []) if len(one) <= 26]
        if not ids:
            asked = await asked_of(request)
            page = await api.library.page(asked.where, cursor=None, limit=MOST_BUNDLED)
            ids = [row.id for row in page.items]
        allowed = [(await api.one(one, reach_of(request, right))).id for one in ids[: MOST_BUNDLED + 1]]
        made = await api.sharing.bundle(allowed, reason=request.form.get("reason", ""), second=request.second)
        run = await request.deps.jobs.enqueue(request.uow, jobs.pack, {"bundle_id": made.id}, key=made.id)
        return request.redirect(f"/jobs/{run}")

    return order


async def fetch(request: PageRequest) -> web.StreamResponse:
    """The ZIP, for whoever asked for it."""
    found = await request.apis.of(RecordingsApi).sharing.bundle_of(request.path["bundle"])
    if not found.key:
        raise NotFound("recordings.not_packed", "The ZIP is not ready yet.", "Wait until its job is done.")
    body = store_of(request.deps).read(found.key, 0, found.size)
    name = f"recordings-{found.created_at:%Y-%m-%d-%H%M}.zip"
    headers = {
        **_NEVER_KEPT, hdrs.CONTENT_TYPE: "application/zip", hdrs.CONTENT_LENGTH: str(found.size),
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
    }  # fmt: skip
    return web.Response(body=body, headers=headers)


async def revoke(request: PageRequest) -> web.StreamResponse:
    """The link opens nothing from now on: whoever may share may also take back."""
    right = EXPORT_ALONE if request.viewer.can(EXPORT_ALONE) else EXPORT
    recording = await recording_of(request, right)
    await request.apis.of(RecordingsApi).sharing.revoke(recording.id, request.path["share"])
    return request.redirect(f"/recordings/{recording.id}#shares", notice=request.t("The link is taken back."))


async def open_shared(request: PageRequest) -> web.StreamResponse:
    """The page of a link. Public, since the secret in its address is the right; it says nothing of the
    client, and looking at it counts nothing: a messenger's preview opens it too."""
    share, recording, _ = await _shared(request)
    player = Player(
        recording=recording, marks=(), moments=(), may_mark=False, is_stranger=True,
        secret=request.path["token"],
    )  # fmt: skip
    response = request.page("recordings/shared.html", share=share, player=player)
    response.headers.update(_NEVER_KEPT)
    return response


async def shared_media(request: PageRequest) -> web.StreamResponse:
    """The sound of a link. Public, as its page is."""
    _, recording, _ = await _shared(request)
    response = await sound.send(request, recording, sound.best_of(recording))
    response.headers.update(_NEVER_KEPT)
    return response


async def note_shared(request: PageRequest) -> str | None:
    """Counted once for a sitting, in the log of listening and at the link."""
    share, recording, clip = await _shared(request)
    heard = sound.stretch(request, recording, sound.best_of(recording))
    if heard is None:
        return None
    if clip is not None:
        heard = (heard[0] + clip.begin_seconds, heard[1] + clip.begin_seconds)
    api = request.apis.of(RecordingsApi)
    is_first = not await api.listens.goes_on(recording.id, f"share:{share.id}")
    actor = f"share:{share.id}"
    is_new = await api.listens.note(recording, heard, actor=actor, name=share.made_name)
    if is_first:
        await api.sharing.opened(share.id)
    return f"{recording.id} share:{share.id}" if is_new else None


async def shared_peaks(request: PageRequest) -> web.StreamResponse:
    """The waveform of a link. Public, as its page is."""
    api = request.apis.of(RecordingsApi)
    share, recording, clip = await _shared(request)
    if clip is not None:
        whole = await api.one(share.recording_id)
        peaks = peaks_within(await api.peaks(whole, FINEST_PEAKS), clip)
    else:
        peaks = await api.peaks(recording, 1200)
    body = {"per_second": peaks.per_second, "channels": [list(one) for one in peaks.channels]}
    return web.json_response(body, headers=_NEVER_KEPT)


async def _shared(request: PageRequest) -> tuple[ShareView, RecordingView, ClipView | None]:
    """What the link leads to; of a part nothing but the part."""
    api = request.apis.of(RecordingsApi)
    found = await api.sharing.by_secret(request.path["token"])
    recording = await api.one(found.recording_id)
    if found.clip_id is None:
        return found, recording, None
    clip = await api.clips.one(recording.id, found.clip_id)
    return found, as_recording(recording, clip), clip


def address_of(request: PageRequest, secret: str) -> str:
    """As the world sees it."""
    public = request.deps.settings.server.public_url.rstrip("/")
    base = public or f"{request.http.scheme}://{request.http.host}"
    return f"{base}/recordings/shared/{secret}"


def note(request: PageRequest, recording: RecordingView, what: str, reason: str) -> None:
    """The reason stands in the audit log beside who, when and by whom confirmed."""
    request.apis.of(AccessApi).audit.add(
        f"recordings.{what}_reason", "done", subject=recording.id,
        details={"reason": reason, "second": request.second or ""},
    )  # fmt: skip


def pair(path: str, make: Callable[[str], Handler], name: str) -> tuple[Route, Route]:
    """With a second person, and alone: two addresses, since it is the right that tells them apart."""
    common: dict[str, Any] = {"method": "POST"}
    return (
        Route(
            **common, path=path, handler=make(EXPORT), right=EXPORT, name=f"recordings.{name}", second=EXPORT
        ),
        Route(
            **common, path=f"{path}/alone", handler=make(EXPORT_ALONE), right=EXPORT_ALONE,
            name=f"recordings.{name}_alone",
        ),
    )  # fmt: skip


routes = (
    *pair("/recordings/{id}/download", download, "download"),
    *pair("/recordings/{id}/shares", share, "share"),
    *pair("/recordings/bundles", bundle, "bundle"),
    Route(
        method="GET", path="/recordings/bundles/{bundle}", handler=fetch, right=EXPORT,
        name="recordings.fetch_bundle", is_noted=True,
    ),
    Route(
        method="POST", path="/recordings/{id}/shares/{share}/revoke", handler=revoke, right=EXPORT,
        name="recordings.revoke_share",
    ),
    Route(
        method="GET", path="/recordings/shared/{token}", handler=open_shared, right=PUBLIC,
        name="recordings.open_shared",
    ),
    Route(
        method="GET", path="/recordings/shared/{token}/media", handler=shared_media, right=PUBLIC,
        name="recordings.shared_media", is_noted=True, noting=note_shared,
    ),
    Route(
        method="GET", path="/recordings/shared/{token}/peaks", handler=shared_peaks, right=PUBLIC,
        name="recordings.shared_peaks",
    ),
)  # fmt: skip
