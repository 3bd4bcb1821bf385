"""What can go wrong, as a person is told it.

    HubError(code, text, hint)
    ├── NotFound       it does not exist, or belongs to another shop         404
    ├── Conflict       somebody or something was faster                      409
    ├── NotAllowed     known, but not for you                                403
    ├── NotSignedIn    nobody is known                                       401
    ├── Invalid        the input is wrong; carries the fields                422
    ├── TooMany        slow down; carries retry_after                        429
    └── Unavailable    a part that is needed is away                         503

The class decides the HTTP status in one table (webui/errors.py). `code` is stable and may be
relied on by programs; `text` is for the person on the screen; `hint` says what to do next.
Text and hint are English source texts and are translated where they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping


class HubError(Exception):
    """A fault that a person can be told about."""

    def __init__(
        self, code: str, text: str, hint: str = "", *, data: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.hint = hint
        self.data: Mapping[str, object] = data or {}


class NotFound(HubError):
    """It does not exist, or it belongs to another shop (which must look the same)."""


class Conflict(HubError):
    """The state has moved on: a stale revision, a taken slot, a name in use."""


class NotAllowed(HubError):
    """The person is known, but has no right to do this."""


class NotSignedIn(HubError):
    """Nobody is signed in, or the session or token is no longer good."""


class Invalid(HubError):
    """The input is wrong; `fields` maps a field's name to what is wrong with it."""

    def __init__(
        self,
        code: str,
        text: str,
        hint: str = "",
        *,
        fields: Mapping[str, str] | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(code, text, hint, data=data)
        self.fields: Mapping[str, str] = fields or {}


class TooMany(HubError):
    """Too many tries; `retry_after` is in seconds."""

    def __init__(self, code: str, text: str, hint: str = "", *, retry_after: float) -> None:
        super().__init__(code, text, hint, data={"retry_after": retry_after})
        self.retry_after = retry_after


class Unavailable(HubError):
    """A part that this needs (the database, the PBX) is away; trying later helps."""
