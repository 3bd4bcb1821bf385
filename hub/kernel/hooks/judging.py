"""Runs what a connector says about a request. Whatever it stumbles over, the request is kept: a fault of
the program must not lose what a provider sends only once."""

from __future__ import annotations

from collections.abc import Sequence

from hub.log import get_logger
from hub.ports.hooks import Forged, Genuine, Hook, HookRequest
from hub.ports.intake import Arrival

_LONGEST_REASON = 500


class Stumbled(Exception):
    """`translate` failed; the text is for /system."""


def judge(hook: Hook, request: HookRequest) -> Genuine | Forged:
    """Whether it may be believed. A `verify` that raises is answered 503, so that the provider may try
    elsewhere, and its request waits in the quarantine for a mended program."""
    try:
        return hook.verify(request)
    except Exception as error:
        get_logger("hub.hooks").error("a webhook could not be verified", path=hook.path, error=repr(error))
        return Forged(reason=_words("Pitline stumbled over it", error), status=503)


def translated(hook: Hook, request: HookRequest) -> Sequence[Arrival]:
    """The facts of a genuine one. Raises Stumbled."""
    try:
        return tuple(hook.translate(request))
    except Exception as error:
        get_logger("hub.hooks").error("a webhook could not be read", path=hook.path, error=repr(error))
        raise Stumbled(_words("Pitline stumbled over it", error)) from error


def _words(text: str, error: Exception) -> str:
    return f"{text}: {error!r}".encode("utf-8", "replace").decode().replace("\x00", "�")[:_LONGEST_REASON]
