"""What a fact about a call says of the order that began it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hub.events.commands import CommandSeen
from hub.modules.dialling.views import CommandReason, CommandState


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """How the order stands."""

    state: CommandState
    reason: CommandReason | None = None
    is_over: bool = False


def fate_of_seen(event: CommandSeen) -> Fate:
    """A silent phone of ours is told apart from a client who does not answer."""
    if event.state != "ended":
        return Fate(state="connected" if event.answered_at is not None else "accepted")
    if event.result == "answered":
        return Fate(state="done", is_over=True)
    return Fate(state="failed", reason=_reason(event), is_over=True)


def _reason(event: CommandSeen) -> CommandReason:
    if event.result == "unknown":
        return "ended_unseen"
    if event.own_phone == "away":
        return "phone_away"
    if event.own_phone == "rang":
        return "phone_silent"
    if event.result in ("busy", "no_answer"):
        return event.result
    return "cancelled" if event.result == "cancelled" else "not_put_through"
