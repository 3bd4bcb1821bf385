"""What the browser's player fetches; the pages themselves are beside it."""

from __future__ import annotations

from hub.kernel.web import Route
from recordings import sound
from recordings.scope import LISTEN

routes = (
    Route(
        method="GET", path="/recordings/{id}/media", handler=sound.media, right=LISTEN,
        name="recordings.listen", is_noted=True, noting=sound.noting,
    ),
)  # fmt: skip
