"""Pure rules of an older PBX's history: rows of Asterisk's `cdr` become calls. What it cannot tell (holds,
transfers, who hung up) is not invented, so every such call is incomplete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.events.calls import CallResult, CallSnapshot, Direction, MissedReason, Party
from hub.values import CallId, normalise_number

NEEDED = frozenset({"calldate", "src", "dst", "duration", "billsec", "disposition", "uniqueid"})
_PHONE = re.compile(r"(?:PJSIP|SIP|IAX2|SCCP|Local)/(\d{2,6})(?:[-@]|$)")
_NAMED = re.compile(r'^\s*"?([^"<]*?)"?\s*<')
_SHORT = 6
_OUTBOUND: Mapping[str, CallResult] = {"ANSWERED": "answered", "BUSY": "busy", "NO ANSWER": "no_answer"}


@dataclass(frozen=True, slots=True)
class OldCall:
    """A call of the older PBX: the line of its first row, and the names of its recordings."""

    line: int
    call: CallSnapshot
    recordings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """A row of the table."""

    line: int
    at: datetime
    duration: int
    talk: int
    values: Mapping[str, str]


def is_history(head: Sequence[str]) -> bool:
    """Whether a table is a dump of `cdr`."""
    return {cell.casefold().strip() for cell in head} >= NEEDED


def leg_of(line: int, head: Sequence[str], cells: Sequence[str], zone: ZoneInfo) -> Leg | None:
    """None for a row that is none: no day, no id."""
    names = (name.casefold().strip() for name in head)
    values = dict(zip(names, cells, strict=False))
    try:
        at = datetime.fromisoformat(values["calldate"].strip()[:19]).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    duration, talk = (_whole(values.get(name, "")) for name in ("duration", "billsec"))
    if duration is None or talk is None or not values.get("uniqueid") or not 1990 <= at.year <= 2100:
        return None
    return Leg(line, at, duration, min(talk, duration), values)


def grouped(legs: Iterable[Leg]) -> list[list[Leg]]:
    """The rows of one conversation share its linkedid, else they are alone; oldest conversation first."""
    groups: dict[str, list[Leg]] = {}
    for leg in legs:
        name = leg.values.get("linkedid") or leg.values["uniqueid"]
        groups.setdefault(name[:100], []).append(leg)
    found = [sorted(group, key=lambda leg: (leg.at, leg.line)) for group in groups.values()]
    return sorted(found, key=lambda group: (group[0].at, group[0].line))


def call_of(group: Sequence[Leg], country: str) -> OldCall:
    """What the rows say together; numbers of the world as all calls have them."""
    first = group[0]
    src, dst = first.values.get("src", ""), first.values.get("dst", "")
    direction = _direction(_caller_of(first), [leg.values.get("dst", "") for leg in group], first)
    parties = _parties(group) if direction != "outbound" else _caller(first)
    answered = [leg for leg in group if _is_answered(leg, direction)]
    result, reason = _result(direction, group, bool(answered))
    ended = max(leg.at + timedelta(seconds=leg.duration) for leg in group)
    begun = min((_answered_at(leg) for leg in answered), default=None)
    who = [party.extension for party in parties if party.outcome == "answered"]
    dialled = first.values.get("did") or dst if direction == "inbound" else dst
    name = _NAMED.match(first.values.get("clid", ""))
    call = CallSnapshot(
        call_id=CallId("cdr:" + (first.values.get("linkedid") or first.values["uniqueid"])[:100]),
        direction=direction,
        from_number=_number(src, direction == "inbound", country) if direction != "outbound" else None,
        to_number=_number(dialled, direction != "internal", country),
        caller_name=(name[1] or None) if name else None, dialled=first.values.get("did") or None, trunk=None,
        queue=None, state="ended", result=result, missed_reason=reason, started_at=first.at,
        queued_at=_queued_at(group) if direction == "inbound" else None,
        offered_at=_offered_at(group) if direction == "inbound" else None, answered_at=begun, ended_at=ended,
        wait_seconds=((begun or ended) - first.at).total_seconds(),
        talk_seconds=float(sum(leg.talk for leg in answered)), hold_seconds=0.0,
        answered_by=who[0] if who else None, last_extension=who[-1] if who else None, parties=parties,
        transfers=(), legs=(), parked_at_space=None, is_complete=False,
    )  # fmt: skip
    names = (leg.values.get("recordingfile", "").strip()[:500] for leg in group)
    return OldCall(first.line, call, tuple(dict.fromkeys(name for name in names if name)))


def _number(raw: str, is_outside: bool, country: str) -> str | None:
    return (normalise_number(raw, country) if is_outside else raw) or None


def _caller_of(leg: Leg) -> str:
    """Who began it. Of a call out `src` may be the number that the called were shown (FreePBX writes it so);
    `cnum`, and the channel of a phone of ours, still say who it was."""
    src, known = leg.values.get("src", ""), leg.values.get("cnum", "").strip()
    phone = _PHONE.match(leg.values.get("channel", ""))
    if _is_short(src) or leg.values.get("did"):
        return src
    return known if _is_short(known) else phone[1] if phone else src


def _direction(caller: str, dialled: Sequence[str], first: Leg) -> Direction:
    if first.values.get("did") or not _is_short(caller):
        return "inbound"
    return "internal" if all(_is_short(dst) for dst in dialled) else "outbound"


def _is_short(number: str) -> bool:
    digits = [c for c in number if c.isdecimal()]
    return 0 < len(digits) <= _SHORT


def _parties(group: Sequence[Leg]) -> tuple[Party, ...]:
    """Each phone of ours once; it answered if one of its rows says so."""
    found: dict[str, Party] = {}
    for leg in group:
        phone = _PHONE.match(leg.values.get("dstchannel", ""))
        if phone is None:
            continue
        has_talked = leg.values.get("disposition") == "ANSWERED" and leg.talk > 0
        if phone[1] in found and not has_talked:
            continue
        found[phone[1]] = _party(phone[1], leg, has_talked)
    return tuple(found.values())


def _caller(leg: Leg) -> tuple[Party, ...]:
    phone = _PHONE.match(leg.values.get("channel", ""))
    extension = phone[1] if phone else _caller_of(leg)
    has_talked = leg.values.get("disposition") == "ANSWERED" and leg.talk > 0
    return (_party(extension, leg, has_talked),) if extension else ()


def _party(extension: str, leg: Leg, has_talked: bool) -> Party:
    busy = leg.values.get("disposition") == "BUSY"
    return Party(
        extension=extension, number=None, via="phone", name=None, rang_at=leg.at,
        answered_at=_answered_at(leg) if has_talked else None,
        left_at=leg.at + timedelta(seconds=leg.duration),
        outcome="answered" if has_talked else "busy" if busy else "no_answer",
    )  # fmt: skip


def _is_answered(leg: Leg, direction: Direction) -> bool:
    """Of an inbound call only a person's answer counts, not that of a menu, a queue or a voicemail."""
    if leg.values.get("disposition") != "ANSWERED" or leg.talk == 0:
        return False
    return direction == "outbound" or _PHONE.match(leg.values.get("dstchannel", "")) is not None


def _offered_at(group: Sequence[Leg]) -> datetime | None:
    """When the first phone of ours was dialled: the wait of an unanswered call runs from there to its end. A
    row begins with its channel, so that a greeting before the ringing may be in it."""
    rung = [leg.at for leg in group if _PHONE.match(leg.values.get("dstchannel", ""))]
    return min(rung, default=None)


def _queued_at(group: Sequence[Leg]) -> datetime | None:
    """When the caller came to a queue, also to one where no phone rang."""
    return min((leg.at for leg in group if leg.values.get("lastapp", "").casefold() == "queue"), default=None)


def _answered_at(leg: Leg) -> datetime:
    return leg.at + timedelta(seconds=leg.duration - leg.talk)


def _result(
    direction: Direction, group: Sequence[Leg], is_answered: bool
) -> tuple[CallResult, MissedReason | None]:
    if is_answered:
        return "answered", None
    said = {leg.values.get("disposition", "") for leg in group}
    if direction != "inbound":
        return next((_OUTBOUND[one] for one in ("BUSY", "NO ANSWER") if one in said), "failed"), None
    phones = any(_PHONE.match(leg.values.get("dstchannel", "")) for leg in group)
    reason: MissedReason = "busy" if "BUSY" in said else "rang_out" if phones else "before_ringing"
    if any(leg.values.get("lastapp", "").casefold() in ("voicemail", "record") for leg in group):
        return "voicemail", reason
    return "missed", reason


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None
