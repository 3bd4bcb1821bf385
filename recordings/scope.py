"""How far a viewer's right to recordings reaches."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from recordings.api import RecordingFilter, RecordingsApi, RecordingView

LISTEN = "recordings.listen"


def reach_of(request: PageRequest, right: str = LISTEN) -> RecordingFilter:
    """Every shop, the own shops, or the own calls only."""
    viewer = request.viewer
    scope = viewer.rights.get(right)
    shops = None if scope == "all" else viewer.shop_ids
    phones = (*viewer.extensions, *((viewer.mobile,) if viewer.mobile else ()))
    return RecordingFilter(shops=shops, phones=phones if scope == "own" else None)


async def recording_of(request: PageRequest, right: str = LISTEN) -> RecordingView:
    """The recording of the address. Raises NotFound, also for what the right does not reach."""
    return await request.apis.of(RecordingsApi).one(request.path["id"], reach_of(request, right))
