"""What we ask of the PBX, and how an answer ends.

No text from outside may become a header of its own or a second dial target: CR, LF and NUL are
refused in every name and value, and a target must match a strict pattern. Actions that change the
world are sent once; when their answer is not seen, that is what is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from connectors.ami.message import Message
from hub.ports.commands import AutoAnswer, Hearing

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_BROKEN = re.compile(r"[\r\n\0]")
# Technology, then one endpoint: no `&` (a second target), no `,` or `|` (a second argument), no `$`.
_CHANNEL = re.compile(r"(?:PJSIP|SIP|IAX2|DAHDI|Local)/[A-Za-z0-9_.+*#@:-]{1,128}(?:/[a-z0-9]{1,8})?")
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_EXISTING_CHANNEL = re.compile(r"[A-Za-z0-9_]+/[A-Za-z0-9_.+*#@:;/-]{1,160}")
_CONTEXT = re.compile(r"[A-Za-z0-9_-]{1,79}")
_CHANNEL_ID = re.compile(r"[A-Za-z0-9_.-]{1,140}")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,63}")
_MAX_VALUE = 1_000

Kind = Literal["done", "empty", "refused", "unknown"]


class UnsafeText(ValueError):
    """A text that would mean more to the PBX than it says."""


@dataclass(frozen=True, slots=True)
class Action:
    """One request. `complete` names the event that ends a list on PBXes that do not mark it with
    `EventList: Complete`; empty for an action with a single response. `tag` stands at the end of the
    ActionID, which later events of the order bear."""

    name: str
    headers: tuple[tuple[str, str], ...] = ()
    complete: str = ""
    tag: str = ""

    @property
    def is_list(self) -> bool:
        """Whether rows follow the response."""
        return bool(self.complete)

    def frame(self, action_id: str) -> bytes:
        """The bytes to send. Raises UnsafeText."""
        lines = [_line("Action", self.name), _line("ActionID", action_id)]
        lines += [_line(name, value) for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _line(name: str, value: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise UnsafeText(f"not a header's name: {name[:40]!r}")
    if _BROKEN.search(value):
        raise UnsafeText(f"a line break or NUL in {name}")
    if len(value) > _MAX_VALUE:
        raise UnsafeText(f"{name} is longer than {_MAX_VALUE} characters")
    return f"{name}: {value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How an action ended. `empty`: a list without rows, which the PBX says as an error.
    `unknown`: no answer in time, or the line was lost before it. `last` is what ended a list."""

    kind: Kind
    text: str
    response: Message | None = None
    rows: tuple[Message, ...] = field(default=())
    last: Message | None = None

    @property
    def is_told(self) -> bool:
        """Whether the PBX gave what was asked for, be it nothing."""
        return self.kind in ("done", "empty")

    def rows_named(self, name: str) -> tuple[Message, ...]:
        """The rows of one kind; lists mix several."""
        return tuple(row for row in self.rows if row.name == name)


@dataclass(frozen=True, slots=True)
class Sent:
    """The PBX took the order."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The PBX said no; nothing happened."""

    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have happened: never sent again by itself; the next events decide."""

    text: str


Outcome = Sent | Refused | Unknown


def outcome_of(answer: Answer) -> Outcome:
    """What became of an order."""
    if answer.kind == "done":
        return Sent(answer.text)
    return Unknown(answer.text) if answer.kind == "unknown" else Refused(answer.text)


def is_nothing_found(text: str) -> bool:
    """A list action without rows is answered `Error`, `No Contacts found`: that is no refusal."""
    words = text.strip().lower()
    return words.startswith("no ") and not words.startswith(("no such", "no permission"))


def originate(
    channel: str,
    *,
    number: str,
    context: str,
    caller_id: str = "",
    timeout: float = 30.0,
    channel_id: str = "",
    variables: Mapping[str, str] | None = None,
    answer: AutoAnswer = "none",
) -> Action:
    """Ring one of ours, then dial `number` in `context`: click-to-call. `channel_id` gives the first
    leg a Uniqueid that is known before the first event of it; `answer` lets the phone pick up by itself."""
    headers = [
        ("Channel", dial_target(channel)),
        ("Exten", dialled_number(number)),
        ("Context", _matching(_CONTEXT, context, "a context")),
        ("Priority", "1"),
    ]
    headers += _ringing(channel, caller_id, timeout, channel_id, answer)
    for name, value in (variables or {}).items():
        headers.append(("Variable", f"{_matching(_VARIABLE, name, 'a variable')}={_plain(value)}"))
    return Action("Originate", tuple(headers), tag=channel_id)


def _ringing(
    channel: str, caller_id: str, timeout: float, channel_id: str, answer: AutoAnswer
) -> list[tuple[str, str]]:
    """What every Originate says of the phone that rings first."""
    headers = [("Timeout", str(int(timeout * 1000))), ("Async", "true")]
    if caller_id:
        headers.append(("CallerID", caller_id))
    if channel_id:
        headers.append(("ChannelId", _matching(_CHANNEL_ID, channel_id, "a channel id")))
    if answer != "none":
        name, value = ANSWER_HEADERS[answer]
        is_old = channel.startswith("SIP/")
        # The PBX takes a comma within brackets for a part of the name.
        said = f"SIPADDHEADER51={name}: {value}" if is_old else f"PJSIP_HEADER(add,{name})={value}"
        headers.append(("Variable", said))
    return headers


ANSWER_HEADERS: Mapping[AutoAnswer, tuple[str, str]] = MappingProxyType(
    {
        "answer_after": ("Call-Info", "<sip:pitline>;answer-after=0"),
        "alert_info": ("Alert-Info", "info=alert-autoanswer"),
        "alert_delay": ("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer;delay=0"),
        "ring_answer": ("Alert-Info", "Ring Answer"),
        "intercom": ("Alert-Info", "Intercom"),
    }
)
"""The headers by which makers let a phone answer by itself: fixed texts, nothing from outside."""


def redirect(channel: str, *, number: str, context: str) -> Action:
    """Send a channel elsewhere at once."""
    return Action(
        "Redirect",
        (
            ("Channel", existing_channel(channel)),
            ("Exten", dialled_number(number)),
            ("Context", _matching(_CONTEXT, context, "a context")),
            ("Priority", "1"),
        ),
    )


def hang_up(channel: str) -> Action:
    """End a channel. Never a pattern: a leading slash would make one."""
    return Action("Hangup", (("Channel", existing_channel(channel)),))


def park(channel: str, *, announce: str, lot: str = "") -> Action:
    """Park a channel; the space is announced to `announce`."""
    headers = [("Channel", existing_channel(channel)), ("AnnounceChannel", existing_channel(announce))]
    if lot:
        headers.append(("Parkinglot", _matching(_CONTEXT, lot, "a parking lot")))
    return Action("Park", tuple(headers))


def attended_transfer(channel: str, *, number: str, context: str) -> Action:
    """Begin an attended transfer on behalf of a channel (needs the dialplan's t or T option)."""
    return Action(
        "Atxfer",
        (
            ("Channel", existing_channel(channel)),
            ("Exten", dialled_number(number)),
            ("Context", _matching(_CONTEXT, context, "a context")),
        ),
    )


def blind_transfer(channel: str, *, number: str, context: str) -> Action:
    """Transfer the other side of a channel's bridge."""
    return Action(
        "BlindTransfer",
        (
            ("Channel", existing_channel(channel)),
            ("Exten", dialled_number(number)),
            ("Context", _matching(_CONTEXT, context, "a context")),
        ),
    )


def cancel_transfer(channel: str) -> Action:
    """Take the caller back from an attended transfer that is not done yet."""
    return Action("CancelAtxfer", (("Channel", existing_channel(channel)),))


def pause(interface: str, *, is_paused: bool, reason: str = "") -> Action:
    """Take a member out of every queue it is in, or put it back."""
    headers = [("Interface", _interface(interface)), ("Paused", "true" if is_paused else "false")]
    if reason:
        headers.append(("Reason", reason))
    return Action("QueuePause", tuple(headers))


_HEARING: Mapping[Hearing, str] = MappingProxyType({"listen": "qES", "whisper": "qESw", "barge": "qESB"})
"""Options of ChanSpy: end with the channel that is heard; be heard by it, or by both sides."""


def listen(
    channel: str,
    *,
    target: str,
    how: Hearing,
    timeout: float = 30.0,
    channel_id: str = "",
    answer: AutoAnswer = "none",
) -> Action:
    """Ring one of ours and let it hear `target`, a channel, until that one ends."""
    headers = [
        ("Channel", dial_target(channel)),
        ("Application", "ChanSpy"),
        ("Data", f"{existing_channel(target)},{_HEARING[how]}"),
    ]
    return Action(
        "Originate", (*headers, *_ringing(channel, "", timeout, channel_id, answer)), tag=channel_id
    )


def mute_recording(channel: str, *, is_muted: bool) -> Action:
    """Silence in the recordings of a channel, both directions, or sound again."""
    state = ("State", "1" if is_muted else "0")
    return Action("MixMonitorMute", (("Channel", existing_channel(channel)), ("Direction", "both"), state))


def stop_recording(channel: str) -> Action:
    """End the recordings of a channel."""
    return Action("StopMixMonitor", (("Channel", existing_channel(channel)),))


def dial_target(text: str) -> str:
    """One endpoint to ring, or UnsafeText: `PJSIP/101&PJSIP/trunk/+99…` would ring two."""
    return _matching(_CHANNEL, text, "a dial target")


def dialled_number(text: str) -> str:
    """A number as keys of a phone, or UnsafeText."""
    return _matching(_NUMBER, text, "a number")


def existing_channel(text: str) -> str:
    """A channel's name as the PBX told it, or UnsafeText."""
    return _matching(_EXISTING_CHANNEL, text, "a channel")


def _interface(text: str) -> str:
    """A queue member's interface as the PBX told it, or UnsafeText."""
    return _matching(_EXISTING_CHANNEL, text, "a queue member")


def _matching(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise UnsafeText(f"not {what}: {text[:80]!r}")
    return text


def _plain(value: str) -> str:
    if any(character in value for character in ",|&$"):
        raise UnsafeText(f"a variable's value may not hold , | & or $: {value[:80]!r}")
    return value
