"""Pure rules of calls: which side is the outside one, which line it came by, how a call is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from hub.events.calls import CallSnapshot, Leg, Party, Transfer
from hub.modules.calls.views import LegView, PartyView, TransferView
from hub.modules.crm.api import number_key
from hub.values import is_withheld

LONGEST_NOTE = 4000
_LONGEST_WHO = 64
_PARTIES = msgspec.json.Decoder(tuple[Party, ...])
_TRANSFERS = msgspec.json.Decoder(tuple[Transfer, ...])
_LEGS = msgspec.json.Decoder(tuple[Leg, ...])
_PARTY_VIEWS = msgspec.json.Decoder(tuple[PartyView, ...])
_TRANSFER_VIEWS = msgspec.json.Decoder(tuple[TransferView, ...])
_LEG_VIEWS = msgspec.json.Decoder(tuple[LegView, ...])


def other_number(call: CallSnapshot) -> str | None:
    """The outside party's number; of an internal call, the colleague's who was called."""
    return call.from_number if call.direction == "inbound" else call.to_number


def other_key(call: CallSnapshot, country: str) -> str | None:
    """The outside number as crm matches it; colleagues are not matched."""
    number = other_number(call)
    if number is None or call.direction == "internal":
        return None
    return number_key(number, country)


def line_keys(call: CallSnapshot, country: str) -> tuple[str, ...]:
    """How the line of an inbound call may be written among our lines, the surest first; the first
    one is what the line is called when we do not know it."""
    if call.direction != "inbound":
        return ()
    said = (_plain(call.to_number), _plain(call.dialled))
    numbers = [n for n in said if n is not None and not is_withheld(n)]
    keys = [key for key in (number_key(n, country) for n in numbers) if key is not None]
    return tuple(dict.fromkeys([*keys, *numbers]))


def our_key(call: CallSnapshot, line: str | None, country: str) -> str | None:
    """The number of ours in the call, comparable: the line, or what we presented."""
    if call.direction == "outbound" and call.from_number is not None:
        return number_key(call.from_number, country)
    return line


def line_number(raw: str, country: str) -> str:
    """How a line's number is kept: its matching key where it has one, else as it was given."""
    return number_key(raw, country) or raw.strip()


def people(call: CallSnapshot) -> tuple[str, ...]:
    """Extensions and mobiles of ours in the call; of an internal call both sides."""
    found = [who for party in call.parties for who in (party.extension, party.number) if who]
    found += [who for who in (call.answered_by, call.last_extension) if who]
    if call.direction == "internal":
        found += [who for who in (call.from_number, call.to_number) if who]
    return tuple(dict.fromkeys(who[:_LONGEST_WHO].replace("\x00", "�") for who in found))


def rings_nowhere(call: CallSnapshot) -> bool:
    """Whether a caller has only just come in: mostly a phone rings a few hundredths of a second later."""
    return call.direction == "inbound" and call.offered_at is None and call.state != "ended"


def columns(call: CallSnapshot) -> dict[str, Any]:
    """What a row takes from the snapshot as it is. NUL is no character to a database."""
    return {
        "direction": call.direction,
        "from_number": _plain(call.from_number),
        "to_number": _plain(call.to_number),
        "other_number": _plain(other_number(call)),
        "caller_name": _plain(call.caller_name),
        "dialled": _plain(call.dialled),
        "trunk": _plain(call.trunk),
        "queue": _plain(call.queue),
        "state": call.state,
        "result": call.result,
        "missed_reason": call.missed_reason,
        "started_at": call.started_at,
        "queued_at": call.queued_at,
        "offered_at": call.offered_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "wait_seconds": call.wait_seconds,
        "talk_seconds": call.talk_seconds,
        "hold_seconds": call.hold_seconds,
        "answered_by": _plain(call.answered_by),
        "last_extension": _plain(call.last_extension),
        "parties": _kept(call.parties),
        "transfers": _kept(call.transfers),
        "legs": _kept(call.legs),
        "parked_space": _plain(call.parked_at_space),
        "is_complete": call.is_complete,
    }


def _plain(text: str | None) -> str | None:
    return text.replace("\x00", "�") if text is not None and "\x00" in text else text


def _kept(listed: tuple[Party | Transfer | Leg, ...]) -> str:
    """As a row keeps them: JSON."""
    return msgspec.json.encode(listed).decode()


def stored_parties(kept: str) -> tuple[Party, ...]:
    """As a fact tells them, from the row."""
    return _PARTIES.decode(kept)


def stored_transfers(kept: str) -> tuple[Transfer, ...]:
    """As a fact tells them, from the row."""
    return _TRANSFERS.decode(kept)


def stored_legs(kept: str) -> tuple[Leg, ...]:
    """As a fact tells them, from the row."""
    return _LEGS.decode(kept)


def bare_legs(kept: str) -> str:
    """As a row keeps them of whom nothing may be known: channels' names hold numbers."""
    return _kept(tuple(replace(leg, channel="", label="") for leg in stored_legs(kept)))


def phones_in(kept: str) -> frozenset[str]:
    """Whose desks show the call: the extensions and mobiles of its row."""
    return frozenset(party.who for party in read_parties(kept) if party.who)


def read_parties(kept: str) -> tuple[PartyView, ...]:
    """From the row."""
    return _PARTY_VIEWS.decode(kept)


def read_transfers(kept: str) -> tuple[TransferView, ...]:
    """From the row."""
    return _TRANSFER_VIEWS.decode(kept) if kept != "[]" else ()


def read_legs(kept: str) -> tuple[LegView, ...]:
    """From the row."""
    return _LEG_VIEWS.decode(kept)
