"""What is kept, on a recording's page: until a day, with a reason; legal holds that a manager proposes and an
owner confirms."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import PageRequest, Route
from recordings.api import RecordingsApi
from recordings.rights import HOLD, KEEP, PROPOSE
from recordings.scope import reach_of, recording_of


async def keep(request: PageRequest) -> web.StreamResponse:
    """It is not erased by age before that day is over."""
    recording = await recording_of(request, KEEP)
    await request.apis.of(RecordingsApi).keeps.keep(
        recording, _end_of(request, request.form.get("until", "")), request.form.get("reason", ""),
        whole_call=request.form.get("call") == "1", made_name=request.viewer.name,
    )  # fmt: skip
    return request.redirect(f"/recordings/{recording.id}#keeping", notice=request.t("It is kept until then."))


async def end(request: PageRequest) -> web.StreamResponse:
    """That day counts no more."""
    recording = await recording_of(request, KEEP)
    keeps = request.apis.of(RecordingsApi).keeps
    await keeps.end(recording, request.path["keep"], name=request.viewer.name)
    return request.redirect(
        f"/recordings/{recording.id}#keeping", notice=request.t("It is kept as long as the others.")
    )


async def propose(request: PageRequest) -> web.StreamResponse:
    """It holds at once; an owner decides whether it stays so."""
    recording = await recording_of(request, PROPOSE)
    await request.apis.of(RecordingsApi).holds.lay(
        recording, request.form.get("reason", ""), whole_call=request.form.get("call") == "1",
        made_name=request.viewer.name, is_proposal=True,
    )  # fmt: skip
    return request.redirect(
        f"/recordings/{recording.id}#keeping", notice=request.t("The hold is proposed; an owner decides.")
    )


async def confirm(request: PageRequest) -> web.StreamResponse:
    """What a manager proposed is a hold."""
    recording = await recording_of(request, HOLD)
    holds = request.apis.of(RecordingsApi).holds
    await holds.confirm(recording, request.path["hold"], name=request.viewer.name)
    return request.redirect(f"/recordings/{recording.id}#keeping", notice=request.t("The hold is laid."))


async def proposed(request: PageRequest) -> web.StreamResponse:
    """What an owner has to decide."""
    holds = request.apis.of(RecordingsApi).holds
    found = await holds.proposed(reach_of(request, HOLD).shops)
    rows = [(one, await holds.recording_of(one)) for one in found]
    return request.page("recordings/holds.html", rows=rows)


def _end_of(request: PageRequest, text: str) -> datetime:
    """The end of that day where the shop is. Raises Invalid."""
    try:
        day = date.fromisoformat(text)
        zone = request.deps.places.of(request.viewer.shop_id).zone
        return datetime.combine(day + timedelta(days=1), time(), zone)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            "recordings.keep_day", "This is not a day.", "Write it like 2026-12-31.",
            fields={"until": "Write it like 2026-12-31."},
        ) from error  # fmt: skip


routes = (
    Route(
        method="GET", path="/recordings/holds", handler=proposed, right=HOLD, name="recordings.proposed_holds"
    ),
    Route(method="POST", path="/recordings/{id}/keeps", handler=keep, right=KEEP, name="recordings.keep"),
    Route(
        method="POST", path="/recordings/{id}/keeps/{keep}/end", handler=end, right=KEEP,
        name="recordings.end_keep",
    ),
    Route(
        method="POST", path="/recordings/{id}/holds/proposed", handler=propose, right=PROPOSE,
        name="recordings.propose_hold",
    ),
    Route(
        method="POST", path="/recordings/{id}/holds/{hold}/confirm", handler=confirm, right=HOLD,
        name="recordings.confirm_hold",
    ),
)  # fmt: skip
