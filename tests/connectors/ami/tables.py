"""Scenarios as text: what the PBX said on the left of the line `facts`, what follows from it below.

    what   101 is busy
    legs
      A    PJSIP/trunk-00000001
      B    PJSIP/101-00000002      of A
    events
      0.000  Newchannel  A/Ring  CallerIDNum=0501234567 Exten=301
      0.001  Newchannel  B/Down
      0.002  DialBegin   A Dest:B  DialString=101
      0.100  DialEnd     A Dest:B  DialStatus=BUSY
      0.101  Hangup      B  Cause=17
      0.102  Hangup      A  Cause=17
    facts
      0.000  started  1 inbound ringing  0501234567 -> 301
      ...

A leg is a letter (`B@A`: from here on with the Linkedid of A; `B/Up`: in that state), `Dest:B` the same
with the headers' prefix. `bridge=1` is a bridge by its number. All else is a header as AMI writes it.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.ami.message import Message
from connectors.ami.tracker import TrackedFact
from hub.events.calls import CallbackAsked, CallMerged, CallSnapshot, Party
from hub.events.recordings import RecordingNamed

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
EPOCH = 1_795_442_000
_LEG = re.compile(
    r"(?:(?P<prefix>[A-Z][A-Za-z]+):)?(?P<leg>[A-Z]{1,2})(?:@(?P<of>[A-Z]{1,2}))?(?:/(?P<state>\w+))?"
)
_STATES = {"Down": "0", "Ring": "4", "Ringing": "5", "Up": "6", "Busy": "7"}


@dataclass(slots=True)
class Scenario:
    """One table."""

    name: str
    what: str
    messages: list[Message]
    facts: list[str]

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class _Leg:
    channel: str
    uniqueid: str
    linkedid: str
    state: str = ""


@dataclass(slots=True)
class _Reader:
    legs: dict[str, _Leg] = field(default_factory=dict)

    def declare(self, line: str) -> None:
        """`B  PJSIP/101-00000002  of A`, and `id=x` where Originate gave the Uniqueid."""
        letter, channel, *rest = line.split()
        given = next((word[3:] for word in rest if word.startswith("id=")), None)
        uniqueid = given or f"shop-{EPOCH}.{len(self.legs)}"
        root = self.legs[rest[rest.index("of") + 1]] if "of" in rest else None
        self.legs[letter] = _Leg(channel, uniqueid, root.linkedid if root else uniqueid)

    def message(self, line: str) -> Message:
        """One line of the events."""
        moment, name, *words = shlex.split(line)
        headers = {"Timestamp": f"{EPOCH + float(moment):.6f}"}
        for word in words:
            found = _LEG.fullmatch(word)
            key, is_header, value = word.partition("=")
            if found is not None:
                headers |= self._leg(**found.groupdict())
            elif is_header and key == "bridge":
                headers |= {"BridgeUniqueid": f"bridge-{value}"}
            elif is_header:
                headers[key] = value
            else:
                raise ValueError(f"neither a leg nor a header: {word!r} in {line!r}")
        if name.startswith("Bridge"):
            headers.setdefault("BridgeType", "basic")
        return Message.of(name, headers)

    def _leg(self, prefix: str | None, leg: str, of: str | None, state: str | None) -> dict[str, str]:
        known = self.legs[leg]
        if of is not None:
            known.linkedid = self.legs[of].linkedid
        known.state = _STATES[state] if state else known.state
        return {
            f"{prefix or ''}{header}": value
            for header, value in (
                ("Channel", known.channel),
                ("Uniqueid", known.uniqueid),
                ("Linkedid", known.linkedid),
                ("ChannelState", known.state),
            )
            if value
        }


def read(path: Path) -> Scenario:
    """A table from its file."""
    reader, part, what = _Reader(), "", ""
    messages: list[Message] = []
    facts: list[str] = []
    for line in path.read_text().splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not line.startswith(" "):
            part, _, rest = text.partition(" ")
            what = what or rest.strip()
        elif part == "legs":
            reader.declare(text)
        elif part == "events":
            messages.append(reader.message(text))
        elif part == "facts":
            facts.append(" ".join(text.split()))
    return Scenario(path.stem, what, messages, facts)


def scenarios() -> list[Scenario]:
    """Every table there is."""
    return [read(path) for path in sorted(SCENARIOS.glob("*.txt"))]


@dataclass(slots=True)
class Teller:
    """Facts as lines of a table: calls by number, times from the first event on."""

    numbers: dict[str, int] = field(default_factory=dict)

    def tell(self, fact: TrackedFact) -> str:
        """One fact."""
        at = fact.occurred_at - datetime.fromtimestamp(EPOCH, UTC)
        head = f"{at / timedelta(seconds=1):.3f} {fact.event.name.removeprefix('call.')}"
        if isinstance(fact.event, CallMerged):
            return f"{head} {self._number(fact.event.call_id)} into {self._number(fact.event.into_call_id)}"
        if isinstance(fact.event, RecordingNamed):
            return f"{head} {self._number(fact.event.call_id)} {fact.event.path}"
        if isinstance(fact.event, CallbackAsked):
            return f"{head} {self._number(fact.event.call_id)} {fact.event.queue} place {fact.event.place}"
        call = fact.event.call
        words = [head, str(self._number(call.call_id)), call.state, *map(self._party, call.parties)]
        if fact.event.name == "call.started":
            words.insert(2, f"{call.direction} {call.from_number or 'withheld'} -> {call.to_number}")
        words += [f"{one.kind}:{one.from_extension}>{one.to}" for one in call.transfers]
        if call.state == "ended":
            words += self._end(call)
        return " ".join(words)

    def _number(self, call_id: str) -> int:
        return self.numbers.setdefault(call_id, len(self.numbers) + 1)

    @staticmethod
    def _party(party: Party) -> str:
        if party.outcome is None:
            outcome = "rings" if party.rang_at is not None else "dials"
        elif party.outcome == "answered":
            outcome = "left" if party.left_at is not None else "talks"
        else:
            outcome = party.outcome
        return f"{party.extension or party.number}:{outcome}"

    @staticmethod
    def _end(call: CallSnapshot) -> list[str]:
        words = ["=>", str(call.result)]
        words += [call.missed_reason] if call.missed_reason else []
        words += [f"by {call.answered_by}"] if call.answered_by else []
        words += [f"last {call.last_extension}"] if call.last_extension != call.answered_by else []
        words += [f"wait {call.wait_seconds}", f"talk {call.talk_seconds}"]
        words += [f"hold {call.hold_seconds}"] if call.hold_seconds else []
        return words + ([] if call.is_complete else ["incomplete"])
