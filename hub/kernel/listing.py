"""What lists of /api/v1 have in common: pydantic models and types for every module's operations."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

LONGEST_CURSOR = 600
GO_ON = "`next` of the answer before; leave it out to begin"
NEXT = "Pass it as `cursor` to go on; null at the end"


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]", re.ASCII)


def iso(at: datetime) -> str:
    """ISO 8601, UTC, milliseconds."""
    moment = at if at.tzinfo is UTC else at.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _moment(text: object) -> object:
    """Written as a moment, never as a number of seconds; a plus that was not percent-encoded arrives as
    a space."""
    if not isinstance(text, str) or not _MOMENT.match(text):
        raise ValueError("write it like 2026-01-05T09:30:00Z")
    return text.replace(" ", "+")


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except OverflowError as error:  # the first and the last hours of the calendar
        raise ValueError("this moment is outside of the calendar") from error


Moment = Annotated[datetime, PlainSerializer(iso, return_type=str)]
"""A moment in an answer."""
Asked = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_in_utc)]
"""A moment in a question; without a zone it is UTC."""


class Strict(BaseModel):
    """What is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class ListQuery(Strict):
    """Where to go on, and how far."""

    limit: int = Field(50, ge=1, le=200, description="How many at most")
    cursor: str | None = Field(None, max_length=LONGEST_CURSOR, description=GO_ON)
