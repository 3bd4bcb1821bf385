"""A provider as a file describes it: what is asked, where in its answers stands what, what its words mean.
Read once at the start; whatever is wrong in the file is said with the place where it stands."""

from __future__ import annotations

import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from connectors.http_sms.template import names_in
from hub.errors import Invalid
from hub.events.messages import DeliveryState

S = TypeVar("S")
Body = Literal["json", "form", "query"]
Proof = Literal["shared", "sha1", "sha256", "hmac-sha1", "hmac-sha256"]
Meaning = Literal["again", "blocked", "refused", "account", "unknown"]
"""Of a code: try later, the address takes nothing, this message never, the account itself, nobody can say."""
SEND_NAMES = frozenset(
    {"id", "to", "to_digits", "text", "token", "sms_sender", "viber_sender", "viber_seconds", "callback"}
)
_CHECK_NAMES, _ASK_NAMES = frozenset({"token"}), frozenset({"token", "ids"})
_PROOF_NAMES = frozenset({"secret", "identity"})
_HEADER_NAMES = frozenset({"token"})
_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~/-]*")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_STATES = ("", *typing.get_args(DeliveryState))
_HERE = Path(__file__).resolve()
READY = (_HERE.parents[2] / "config" / "http_sms", _HERE.parent / "profiles")
"""Where ready profiles lie: in a checkout, in an installed package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """One channel of the provider; `falls_to` is by what it goes when this does not arrive."""

    longest: int
    falls_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """A request: `query` and `fields` are filled templates, encoded by their places."""

    path: str
    method: Literal["GET", "POST", "PUT"] = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Body = "json"
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySpec:
    """Where in an answer stands what (the first place that is there), and what its codes mean."""

    id: tuple[str, ...]
    code: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    codes: Mapping[str, Meaning] = field(default_factory=dict)
    again_seconds: float = 90.0
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSpec:
    """How far messages have come, asked for many at once: `items` is a list of them, the rest is in each."""

    request: RequestSpec
    items: str
    id: str
    state: str
    by: str = ""
    every_seconds: float = 30.0
    most: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSpec:
    """How far a message has come, told by the provider. `signature` is a field of the body, or
    `header:x-…`, `query:…`; `over` what a hash is taken of; an HMAC is taken of the body."""

    proof: Proof
    signature: str
    id: str
    state: str
    by: str = ""
    identity: str = ""
    over: tuple[str, ...] = ("{secret}{identity}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A provider. `send` by channel. Within `remembers_hours` the same request twice is one message (0: it
    never knows). `by`: what it calls the channels that carried a message."""

    title: str
    base: str
    channels: Mapping[str, ChannelSpec]
    send: Mapping[str, RequestSpec]
    reply: ReplySpec
    states: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    by: Mapping[str, str] = field(default_factory=lambda: {"sms": "sms", "viber": "viber"})
    per_second: float = 5.0
    remembers_hours: float = 0.0
    check: RequestSpec | None = None
    balance: tuple[str, ...] = ()
    ask: AskSpec | None = None
    webhook: WebhookSpec | None = None


def profile_of(name: str) -> Profile:
    """A ready one by its name, another one by the path of its file. Raises Invalid."""
    path = Path(name)
    if path.suffix != ".toml":
        places = [folder / f"{name}.toml" for folder in READY]
        found = next((place for place in places if place.is_file()), None)
        if found is None or not name.isidentifier():
            ready = sorted({one.stem for folder in READY for one in folder.glob("*.toml")})
            raise _wrong(name, f"there is no such profile: the ready ones are {', '.join(ready)}")
        path = found
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(name, f"it cannot be read: {error}") from error
    return read_profile(document, name)


def read_profile(document: Mapping[str, Any], name: str = "") -> Profile:
    """What a file says. Raises Invalid, naming the place."""
    raw = dict(document)
    channels = {
        one: _made(ChannelSpec, spec, f"{name} [channels.{one}]")
        for one, spec in _table(raw, "channels", name).items()
    }
    if not channels or set(channels) - {"sms", "viber"}:
        raise _wrong(name, "[channels] names sms, viber, or both")
    check = dict(_table(raw, "check", name))
    balance = _tuple(check.pop("balance", ()), f"{name} [check] balance")
    raw.update(
        channels=channels,
        send=_sending(_table(raw, "send", name), channels, name),
        reply=_made(ReplySpec, _words(_table(raw, "reply", name)), f"{name} [reply]"),
        states={str(word): str(state) for word, state in _table(raw, "states", name).items()},
        check=_request(check, _CHECK_NAMES, f"{name} [check]") if check else None,
        balance=balance,
        ask=_asking(raw["ask"], f"{name} [ask]") if "ask" in raw else None,
        webhook=_made(WebhookSpec, raw["webhook"], f"{name} [webhook]") if "webhook" in raw else None,
    )
    made = _made(Profile, raw, name)
    _judge(made, name)
    return made


def _judge(made: Profile, name: str) -> None:
    wrong = {state for state in made.states.values() if state not in _STATES}
    if wrong:
        raise _wrong(
            name, f"[states] {', '.join(sorted(wrong))}: one of {', '.join(_STATES[1:])}, or nothing"
        )
    meanings = set(made.reply.codes.values()) - set(typing.get_args(Meaning))
    if meanings:
        raise _wrong(name, f"[reply.codes] {', '.join(sorted(meanings))}: one of {Meaning}")
    for spec in made.channels.values():
        if spec.falls_to and spec.falls_to not in made.channels:
            raise _wrong(name, f"[channels] falls_to {spec.falls_to}: there is no such channel")
    if made.webhook is not None:
        for template in made.webhook.over:
            _only(template, _PROOF_NAMES, f"{name} [webhook] over")
    if made.remembers_hours and any("id" not in names_in(one.fields) for one in made.send.values()):
        raise _wrong(name, "remembers_hours: each request has to carry our {id}")


def _sending(
    raw: Mapping[str, Any], channels: Mapping[str, ChannelSpec], name: str
) -> dict[str, RequestSpec]:
    common = {key: value for key, value in raw.items() if key not in channels}
    return {
        one: _request({**common, "fields": raw.get(one, {})}, SEND_NAMES, f"{name} [send.{one}]")
        for one in channels
    }


def _asking(raw: Mapping[str, Any], where: str) -> AskSpec:
    own = {spec.name for spec in fields(AskSpec)}
    request = {key: value for key, value in raw.items() if key not in own}
    rest = {key: value for key, value in raw.items() if key in own}
    return _made(AskSpec, {**rest, "request": _request(request, _ASK_NAMES, where)}, where)


def _request(raw: Mapping[str, Any], names: frozenset[str], where: str) -> RequestSpec:
    made = _made(RequestSpec, raw, where)
    if _PATH.fullmatch(made.path) is None:
        raise _wrong(where, "path: plain, from the slash on, with no names in it")
    for header, template in made.headers.items():
        if _HEADER.fullmatch(header) is None or not str(template).isprintable():
            raise _wrong(where, f"headers: {header!r} is none")
        _only(template, _HEADER_NAMES, f"{where} headers")
    _only(made.query, names, f"{where} query")
    _only(made.fields, names, f"{where} fields")
    return made


def _only(template: Any, names: frozenset[str], where: str) -> None:
    strange = sorted(set(names_in(template)) - names)
    if strange:
        raise _wrong(where, f"{{{strange[0]}}}: the names are {', '.join(sorted(names))}")


def _words(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Codes of numbers and codes of texts are the same ones."""
    return {**raw, "good": [str(one) for one in raw.get("good", ())]}


def _made(kind: type[S], raw: Any, where: str) -> S:
    if not isinstance(raw, Mapping):
        raise _wrong(where, "a table is wanted here")
    known = {spec.name: spec for spec in fields(cast("Any", kind))}
    strange = sorted(set(raw) - set(known))
    if strange:
        raise _wrong(where, f"{strange[0]}: the words are {', '.join(known)}")
    missing = sorted(
        one.name
        for one in known.values()
        if one.default is MISSING and one.default_factory is MISSING and one.name not in raw
    )
    if missing:
        raise _wrong(where, f"{missing[0]} is missing")
    hints = typing.get_type_hints(kind)
    return kind(**{key: _fitting(hints[key], value, f"{where} {key}") for key, value in raw.items()})


def _fitting(kind: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin is tuple:
        return _tuple(value, where)
    if origin is Literal and value not in typing.get_args(kind):
        raise _wrong(where, f"one of {', '.join(typing.get_args(kind))}")
    if kind in (str, int, float):
        if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
            raise _wrong(where, f"{kind.__name__} is wanted here")
        return kind(value)
    return value


def _tuple(value: Any, where: str) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(one, str) for one in items):
        raise _wrong(where, "a list of texts is wanted here")
    return tuple(items)


def _table(raw: Mapping[str, Any], key: str, name: str) -> Mapping[str, Any]:
    value = raw.get(key, {})
    if not isinstance(value, Mapping):
        raise _wrong(name, f"[{key}] a table is wanted here")
    return value


def _wrong(where: str, what: str) -> Invalid:
    return Invalid(
        "http_sms.profile", f"The profile of an SMS provider is wrong: {where}: {what}.",
        "Mend it, or choose a ready one: HUB_HTTP_SMS__PROFILE=turbosms.",
    )  # fmt: skip
