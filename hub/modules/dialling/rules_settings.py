"""How the shop calls out: who may dial what, how phones answer, what the PBX is given. Read from a stored
document that may be older than this program, so that everything has a default."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from hub.ports.commands import AutoAnswer, Technology

NumberFormat = Literal["national", "plus", "digits"]
"""`0501234567` (abroad `0049…`), `+380501234567`, `380501234567`."""

OPTION = "dialling.settings"
ANSWERS: tuple[AutoAnswer, ...] = get_args(AutoAnswer)
FORMATS: tuple[NumberFormat, ...] = get_args(NumberFormat)
TECHNOLOGIES: tuple[Technology, ...] = get_args(Technology)
_CONTEXT = re.compile(r"[A-Za-z0-9_-]{1,79}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_BEGINNING = re.compile(r"\+[1-9][0-9]{1,14}")
_PRESENTED = re.compile(r"\+?[0-9]{2,20}")
_NUMBER = re.compile(r"[0-9]{1,5}")
_MOST = 200
LONGEST_REASON = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule:
    """What a role may dial besides the own country: `countries` (ISO 3166), `prefixes` (E.164 beginnings,
    whatever they cost); how many calls out in an hour and in a day."""

    countries: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    per_hour: int = 40
    per_day: int = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRule:
    """How calls leave that call back from a line of ours; an empty context is the common one."""

    context: str = ""
    format: NumberFormat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DialSettings:
    """All of it. `presented`: the number that the called see where no line is known; `phones` and `lines`
    by extension and by the line's number."""

    context: str = "from-internal"
    technology: Technology = "PJSIP"
    format: NumberFormat = "national"
    presented: str = ""
    ring_seconds: int = 25
    auto_answer: AutoAnswer = "none"
    blocked: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ("lunch", "break", "with a customer")
    roles: Mapping[str, RoleRule] = field(default_factory=dict)
    phones: Mapping[str, AutoAnswer] = field(default_factory=dict)
    lines: Mapping[str, LineRule] = field(default_factory=dict)

    def rule(self, role: str) -> RoleRule:
        """What this role may; the own country where nobody has said more."""
        return self.roles.get(role, RoleRule())

    def answers(self, extension: str) -> AutoAnswer:
        """How this phone picks up by itself."""
        return self.phones.get(extension, self.auto_answer)

    def way(self, line: str | None) -> tuple[str, NumberFormat]:
        """Context and format of calls that leave by this line."""
        own = self.lines.get(line or "", LineRule())
        return own.context or self.context, own.format or self.format


def stored_form(settings: DialSettings) -> dict[str, Any]:
    """As it is stored."""
    return asdict(settings)


def read_settings(stored: object) -> DialSettings:
    """What was stored; what this program does not understand of it is left at its default."""
    if not isinstance(stored, dict):
        return DialSettings()
    base = DialSettings()
    plain: dict[str, Any] = {
        one.name: tuple(value) if isinstance(value, list) else value
        for one in fields(DialSettings)
        if one.name not in ("roles", "phones", "lines") and (value := stored.get(one.name)) is not None
    }
    return replace(
        base,
        **plain,
        roles={name: _made(RoleRule, one) for name, one in _of(stored, "roles").items()},
        phones={name: one for name, one in _of(stored, "phones").items() if one in ANSWERS},
        lines={name: _made(LineRule, one) for name, one in _of(stored, "lines").items()},
    )


def _of(stored: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = stored.get(name)
    return found if isinstance(found, dict) else {}


def _made(kind: type[Any], stored: Any) -> Any:
    known = {one.name for one in fields(kind)}
    values = stored if isinstance(stored, dict) else {}
    return kind(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if name in known
        }
    )


def words_of(text: str) -> tuple[str, ...]:
    """`pl, DE` and `+48 22; +49` as one types them, without repetition."""
    found = [word for word in re.split(r"[\s,;]+", text) if word]
    return tuple(dict.fromkeys(found))


def lines_of(text: str) -> tuple[str, ...]:
    """What stands in each line, without repetition."""
    return tuple(dict.fromkeys(line for one in text.splitlines() if (line := " ".join(one.split()))))


def setting_faults(settings: DialSettings) -> dict[str, str]:
    """What is wrong, by the form's field (English source texts)."""
    faults: dict[str, str] = {}
    if not _CONTEXT.fullmatch(settings.context):
        faults["context"] = "Letters, digits, - and _ only, as in the PBX’s extensions.conf."
    if settings.presented and not _PRESENTED.fullmatch(settings.presented):
        faults["presented"] = "This is not a telephone number."
    if not 5 <= settings.ring_seconds <= 120:
        faults["ring_seconds"] = "Between 5 and 120 seconds."
    if not _all(_BEGINNING, settings.blocked):
        faults["blocked"] = "Each one begins with + and the country’s code, like +38090."
    if any(len(one) > LONGEST_REASON for one in settings.reasons) or len(settings.reasons) > 12:
        faults["reasons"] = "At most 12, of 40 letters each."
    for role, rule in settings.roles.items():
        if not _all(_COUNTRY, rule.countries):
            faults[f"countries-{role}"] = "Two letters for each country, like PL, DE."
        if not _all(_BEGINNING, rule.prefixes):
            faults[f"prefixes-{role}"] = "Each one begins with + and the country’s code, like +38090."
        if not 0 <= rule.per_hour <= 10_000 or not 0 <= rule.per_day <= 10_000:
            faults[f"per_day-{role}"] = "A whole number up to 10000."
    for line, way in settings.lines.items():
        if way.context and not _CONTEXT.fullmatch(way.context):
            faults[f"line-{line}"] = "Letters, digits, - and _ only, as in the PBX’s extensions.conf."
    return faults


def whole(text: str) -> int:
    """What was typed as a whole number; -1 where it is none."""
    return int(text) if _NUMBER.fullmatch(text.strip()) else -1


def _all(pattern: re.Pattern[str], words: Sequence[str]) -> bool:
    return len(words) <= _MOST and all(pattern.fullmatch(word) for word in words)
