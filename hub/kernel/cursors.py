"""Where a list that is sorted by a moment and an id goes on, as text for whoever asks for the next page."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from hub.errors import Invalid


def cursor_of(at: datetime, row_id: str) -> str:
    """The place behind this row; opaque outside."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{row_id}".encode()).decode().rstrip("=")


def place_in(cursor: str) -> tuple[datetime, str]:
    """The moment, in UTC, and the id of the row before. Raises Invalid for a cursor that is not ours."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        at, separator, row_id = raw.decode().partition("|")
        moment = datetime.fromisoformat(at)
        if not separator or moment.tzinfo is None or "\x00" in row_id:
            raise unknown_place()
        return moment.astimezone(UTC), row_id
    except (binascii.Error, ValueError, OverflowError) as error:
        raise unknown_place() from error


def unknown_place() -> Invalid:
    """What every list says of a cursor that is not its own."""
    return Invalid("list.cursor", "This place in the list is not known.", "Begin at the first page.")
