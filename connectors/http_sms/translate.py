"""From a provider's words to ours, as its profile says: what became of a request, how far messages have
come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from connectors.http_sms.profile import AskSpec, Profile, WebhookSpec
from hub.events.messages import DeliveryState, MessageStatusChanged
from hub.ports.intake import Arrival

_LONGEST = 200
_GRACE = timedelta(hours=1)
"""After the time that the first channel has: what is still failed then, did not fall to the second one."""
Verdict = Literal["sent", "again", "blocked", "refused", "account", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer says of a message: its id when it is `sent`, else why not."""

    verdict: Verdict
    id: str = ""
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """How far one message has come, in the provider's words."""

    id: str
    word: str
    by: str = ""


def document_of(body: bytes) -> Any:
    """An answer as JSON; None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def look(document: Any, place: str) -> Any:
    """What stands at `response_result.0.message_id`; None when nothing does."""
    found = document
    for step in place.split(".") if place else ():
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isascii() and step.isdigit() and len(step) < 6:
            found = found[int(step)] if int(step) < len(found) else None
        else:
            return None
    return found


def text_at(document: Any, *places: str) -> str:
    """The first of these places where a plain value stands, clean and short."""
    for place in places:
        found = look(document, place)
        if isinstance(found, str | int | float) and not isinstance(found, bool) and found != "":
            return _clean(str(found))
    return ""


def outcome_of(profile: Profile, body: bytes) -> Outcome:
    """What an answer to a request to send says. One that cannot be read says nothing."""
    document, reply = document_of(body), profile.reply
    if not isinstance(document, dict | list):
        return Outcome("unknown", text=f"{profile.title} answers in a way of its own.")
    code, made = text_at(document, *reply.code), text_at(document, *reply.id)
    if made and (not code or code in reply.good):
        return Outcome("sent", id=made)
    if code in reply.codes or code not in reply.good:
        known = reply.texts.get(code, "")
        text = known or _named(profile, code, text_at(document, *reply.words))
        return Outcome(reply.codes.get(code, "refused" if code else "unknown"), code=code, text=text)
    return Outcome("unknown", code=code, text=f"{profile.title} answers in a way of its own.")


def states_in(ask: AskSpec, body: bytes) -> Iterator[Told]:
    """What an answer tells of the messages that it was asked for."""
    items = look(document_of(body), ask.items)
    for item in items if isinstance(items, list) else ():
        told = Told(text_at(item, ask.id), text_at(item, ask.state), text_at(item, ask.by))
        if told.id and told.word:
            yield told


def state_in(webhook: WebhookSpec, document: Any) -> Told:
    """What a request of the provider's tells."""
    by = text_at(document, webhook.by) if webhook.by else ""
    return Told(text_at(document, webhook.id), text_at(document, webhook.state), by)


def arrivals(
    profile: Profile, source: str, told: Told, at: datetime, *,
    channels: Sequence[str], created_at: datetime | None = None, first_seconds: float = 0.0,
) -> list[Arrival]:  # fmt: skip
    """The facts of it; none while it is on its way. `channels`: what it may have been sent on, where only the
    provider's id is known. What fails by Viber goes on by SMS: it is no end, unless it is so old that it
    certainly did not."""
    state = profile.states.get(told.word, "")
    if not state or not told.id:
        return []
    by = profile.by.get(told.by, "")
    return [
        _arrival(profile, source, told, cast("DeliveryState", state), channel, by, at)
        for channel in channels
        if state != "failed" or _is_end(profile, channel, by, at, created_at, first_seconds)
    ]


def _is_end(
    profile: Profile, channel: str, by: str, at: datetime, created_at: datetime | None, first: float
) -> bool:
    spec = profile.channels[channel]
    if not spec.falls_to or by == spec.falls_to:
        return True
    return created_at is not None and at - created_at > timedelta(seconds=first) + _GRACE


def _arrival(
    profile: Profile, source: str, told: Told, state: DeliveryState, channel: str, by: str, at: datetime
) -> Arrival:
    fault = profile.faults.get(told.word, "It was not delivered, and nobody says why.")
    return Arrival(
        source=source,
        external_id=f"{channel}:{told.id}:{told.word}:{by}",
        occurred_at=at,
        event=MessageStatusChanged(
            channel=channel, provider_id=told.id, state=state, error=fault if state == "failed" else "",
            carried_by=by if state in ("delivered", "read", "failed") else "",
        ),
    )  # fmt: skip


def _named(profile: Profile, code: str, words: str) -> str:
    if not code:
        return f"{profile.title} answers in a way of its own."
    return f"{profile.title} refused it: {words or 'no reason given'} (code {code})."


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text[:_LONGEST]).encode("utf-8", "replace").decode()
