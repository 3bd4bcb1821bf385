"""The player, wherever it stands, and what it sends back: marks, and how much was really played."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from hub.errors import Invalid, NotAllowed
from hub.kernel.web import CardPart, CardSubject, PageRequest, Route
from hub.modules.calls.api import CallsApi
from hub.ports.speech import SpokenWord
from recordings.api import RecordingsApi, RecordingView
from recordings.asking import reach
from recordings.entries import entries_of
from recordings.rights import MARK, REVIEW
from recordings.scope import LISTEN, reach_of, recording_of
from recordings.views_library import LibraryFilter, MarkView, Moment

_LATELY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A recording with everything that its player shows. `is_linked`: `?t=` of the address is meant for it;
    `is_stranger`: somebody outside listens; `words`: what was said; `start`: where what was looked for is."""

    recording: RecordingView
    marks: tuple[MarkView, ...]
    moments: tuple[Moment, ...]
    may_mark: bool
    is_linked: bool = False
    is_stranger: bool = False
    secret: str = ""
    words: tuple[SpokenWord, ...] = ()
    start: float | None = None

    @property
    def media(self) -> str:
        """Where its sound is."""
        return f"/recordings/shared/{self.secret}/media" if self.secret else f"{self.page}/media"

    @property
    def peaks(self) -> str:
        """Where its waveform is."""
        shared = f"/recordings/shared/{self.secret}/peaks"
        return shared if self.secret else f"/api/v1/recordings/{self.recording.id}/peaks?points=1200"

    @property
    def played(self) -> str:
        """Whom to tell what was played."""
        return "" if self.secret else f"{self.page}/played"

    @property
    def page(self) -> str:
        """Its own page."""
        return "" if self.secret else f"/recordings/{self.recording.id}"


async def players(
    request: PageRequest, recordings: Sequence[RecordingView], *, linked: str = ""
) -> list[Player]:
    """A few statements for any number of them."""
    api = request.apis.of(RecordingsApi)
    marks = await api.marks.of([one.id for one in recordings])
    ids = {one.call_id for one in recordings if one.call_id is not None}
    calls = await request.apis.of(CallsApi).calls_by_ids(ids)
    return [
        Player(
            recording=one, marks=marks.get(one.id, ()), may_mark=request.viewer.can(MARK),
            moments=await api.marks.moments(one, calls.get(one.call_id or "")), is_linked=one.id == linked,
        )
        for one in recordings
    ]  # fmt: skip


async def show(request: PageRequest) -> web.StreamResponse:
    """The player of one recording, for a place in another page."""
    found = await players(request, [await recording_of(request)])
    return request.fragment("recordings/player.html", player=found[0])


async def add_mark(request: PageRequest) -> web.StreamResponse:
    """Mark a moment; the marks come back."""
    recording = await recording_of(request, MARK)
    at = _number(request.form.get("at", ""))
    if at is None:
        raise Invalid("recordings.moment", "The recording is not so long.", "Choose a moment within it.")
    api = request.apis.of(RecordingsApi)
    await api.marks.add(recording, at, request.form.get("text", ""), author_name=request.viewer.name)
    return await _marks(request, recording)


async def remove_mark(request: PageRequest) -> web.StreamResponse:
    """One's own, or with the right to review anybody's."""
    recording = await recording_of(request, MARK)
    api = request.apis.of(RecordingsApi)
    mark = await api.marks.one(recording.id, request.path["mark"])
    ensure_own(request, mark)
    await api.marks.remove(mark)
    return await _marks(request, recording)


def ensure_own(request: PageRequest, mark: MarkView) -> None:
    """Raises NotAllowed for what somebody else has written."""
    if mark.author_id != request.viewer.actor and not request.viewer.can(REVIEW):
        raise NotAllowed(
            "recordings.not_yours", "Somebody else wrote this.", "Ask them, or whoever reviews recordings."
        )


async def _marks(request: PageRequest, recording: RecordingView) -> web.StreamResponse:
    if not request.is_fragment:
        return request.redirect(f"/recordings/{recording.id}")
    return request.fragment("recordings/marks.html", player=(await players(request, [recording]))[0])


async def played(request: PageRequest) -> web.StreamResponse:
    """A player says what was really heard. It changes nothing but the log of one's own listening."""
    await recording_of(request)
    return web.Response(status=204)


async def note_played(request: PageRequest) -> str | None:
    """Into the row of this sitting; the audit log has its entry from the sound itself."""
    recording = await recording_of(request)
    begin, end = (_number(request.query.get(name, "")) for name in ("from", "to"))
    if begin is not None and end is not None and 0 <= begin < end <= recording.duration_seconds + 1:
        listens = request.apis.of(RecordingsApi).listens
        await listens.note_played(recording, (begin, end), actor=request.viewer.actor or "")
    return None


async def about_call(request: PageRequest, subject: CardSubject) -> str:
    """The recordings of the call, on its page and on the caller's card."""
    if subject.call_id is None:
        return ""
    found = await request.apis.of(RecordingsApi).of_calls([subject.call_id], reach_of(request))
    shown = await players(request, found.get(subject.call_id, ()))
    return request.html("recordings/part_call.html", players=shown) if shown else ""


async def about_client(request: PageRequest, subject: CardSubject) -> str:
    """The last recordings of a client: listening is one click away from the client's page."""
    if subject.client_id is None or subject.call_id is not None:
        return ""
    mine = reach(request)
    where = LibraryFilter(shops=mine.shops, phones=mine.phones, since=mine.since, client_id=subject.client_id)
    page = await request.apis.of(RecordingsApi).library.page(where, cursor=None, limit=_LATELY)
    if not page.items:
        return ""
    entries = await entries_of(request, page.items)
    return request.html(
        "recordings/part_client.html",
        entries=entries,
        more=page.next is not None,
        client_id=subject.client_id,
    )


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


parts = (
    CardPart(name="recordings.call", order=55, right=LISTEN, render=about_call, is_about_call=True),
    CardPart(name="recordings.client", order=60, right=LISTEN, render=about_client),
)
routes = (
    Route(
        method="GET", path="/recordings/{id}/player", handler=show, right=LISTEN, name="recordings.player"
    ),
    Route(
        method="POST", path="/recordings/{id}/marks", handler=add_mark, right=MARK,
        name="recordings.add_mark",
    ),
    Route(
        method="POST", path="/recordings/{id}/marks/{mark}/remove", handler=remove_mark, right=MARK,
        name="recordings.remove_mark",
    ),
    Route(
        method="GET", path="/recordings/{id}/played", handler=played, right=LISTEN,
        name="recordings.played", is_noted=True, noting=note_played,
    ),
)  # fmt: skip
