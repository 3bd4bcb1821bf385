"""From Twilio's words to facts: a message that came in, and what became of one of ours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from connectors.twilio_sms.faults import fault_of
from connectors.twilio_sms.signature import Form, TooManyFields, form_of
from connectors.twilio_sms.verify import form_in
from hub.events.messages import Attached, DeliveryState, MessageReceived, MessageStatusChanged
from hub.ports.hooks import HookRequest
from hub.ports.intake import Arrival

SOURCE = "twilio_sms"
CHANNEL = "sms"
OUR_ID = "m"
"""The parameter of a report's address that brings our message's id back."""
_OURS = re.compile(r"[0-9a-z]{1,40}")
_MOST_FILES = 20
STATES: dict[str, DeliveryState] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
"""`accepted`, `scheduled`, `queued`, `sending` are on the way and tell nothing."""


def received(request: HookRequest) -> Sequence[Arrival]:
    """A message that somebody wrote."""
    form = form_in(request)
    return [
        message(
            sid=form.one("MessageSid") or "",
            sender=form.one("From") or "",
            to=form.one("To") or "",
            text=(form.all("Body") or [""])[0],
            at=request.received_at,
            files=_files(form),
        )
    ]


def message(
    *, sid: str, sender: str, to: str, text: str, at: datetime, files: Sequence[Attached] = ()
) -> Arrival:
    """The same fact, whether Twilio brought it or was asked for it."""
    return Arrival(
        source=SOURCE,
        external_id=sid,
        occurred_at=at,
        event=MessageReceived(
            channel=CHANNEL,
            account=_clean(to),
            address=_clean(sender),
            provider_id=sid,
            text=_clean(text),
            written_at=at,
            attachments=tuple(files),
        ),
    )


def reported(request: HookRequest) -> Sequence[Arrival]:
    """How far one of ours has come; nothing while it is on its way."""
    form = form_in(request)
    sid, status = form.one("MessageSid") or "", form.one("MessageStatus") or ""
    state = STATES.get(status)
    if state is None:
        return []
    fault = fault_of((form.all("ErrorCode") or [""])[0]) if state == "failed" else None
    return [
        Arrival(
            source=SOURCE,
            external_id=f"{sid}:{status}",
            occurred_at=request.received_at,
            event=MessageStatusChanged(
                channel=CHANNEL,
                provider_id=sid,
                state=state,
                message_id=_our_id(request),
                error=fault.text if fault is not None else "",
                is_blocked=fault is not None and fault.is_blocked,
            ),
        )
    ]


def _our_id(request: HookRequest) -> str | None:
    try:
        found = form_of(request.query.encode("utf-8", "surrogateescape")).one(OUR_ID)
    except TooManyFields:
        return None
    return found if found is not None and _OURS.fullmatch(found) else None


def _files(form: Form) -> list[Attached]:
    found: list[Attached] = []
    for number in range(_MOST_FILES):
        kinds = form.all(f"MediaContentType{number}")
        for place, url in enumerate(dict.fromkeys(form.all(f"MediaUrl{number}"))):
            kind = kinds[min(place, len(kinds) - 1)] if kinds else "application/octet-stream"
            found.append(Attached(ref=_clean(url), content_type=_clean(kind)[:100]))
    return found[:_MOST_FILES]


def _clean(text: str) -> str:
    """What every database takes."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()
