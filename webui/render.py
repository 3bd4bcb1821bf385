"""Templates: one environment per language, strict about undefined names, escaping everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
)
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.runtime import Context
from markupsafe import Markup, escape

from hub.clock import Clock
from hub.kernel.manifest import Module
from hub.kernel.texts import LANGUAGES, Texts
from hub.values import Money, PhoneNumber
from webui.files import HERE, Files

_INTERNAL_LENGTH = 6


class _Bytecode(BytecodeCache):
    """Templates are compiled once, not anew for each of the languages."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_BYTECODE = _Bytecode()


class Renderer:
    """Renders `<module>/<name>.html` and our own templates."""

    def __init__(
        self, modules: Sequence[Module], texts: Texts, files: Files, clock: Clock, zone: str, country: str
    ) -> None:
        own = FileSystemLoader(HERE / "templates")
        loader: BaseLoader = ChoiceLoader(
            [own, *(FileSystemLoader(module.folder / "templates") for module in modules)]
        )
        self._files = files
        self._icons: dict[tuple[str, str], Markup] = {}
        self._clock = clock
        self._environments = {
            language: self._environment(loader, language, texts, ZoneInfo(zone), country)
            for language in LANGUAGES
        }

    def html(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        """The template with these values, in this language."""
        return self._environments[language].get_template(template).render(values)

    def _environment(
        self, loader: BaseLoader, language: str, texts: Texts, zone: ZoneInfo, country: str
    ) -> Environment:
        environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, auto_reload=False, trim_blocks=True,
            lstrip_blocks=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do"], bytecode_cache=_BYTECODE,
        )  # fmt: skip
        environment.install_gettext_callables(  # type: ignore[attr-defined]  # made by the i18n extension
            _escaping(lambda *of: texts.catalogue(language).gettext(*of)),
            _escaping(lambda *of: texts.catalogue(language).ngettext(*of)),
            newstyle=False,
        )
        environment.globals |= {
            "icon": self.icon,
            "asset": self._files.address,
            "lang": language,
            "languages": LANGUAGES,
            "heard": partial(texts.heard, language),
            "zone": zone,
            "country": country,
            "now": self._clock.now,
        }
        environment.filters |= {
            "phone": phone,
            "when": _with_zone(self._when),
            "clock_time": _with_zone(_clock_time),
            "day": _with_zone(_day),
            "date_only": date_only,
            "full_time": _with_zone(_full_time),
            "duration": duration,
            "money": _money,
            "decimal": _decimal,
            "size": size,
        }
        return environment

    def icon(self, name: str, kind: str = "") -> Markup:
        """A Tabler icon, drawn in the page; decoration only, so the text beside it must say it all."""
        drawn = self._icons.get((name, kind))
        if drawn is None:
            classes = f"icon {kind}".strip()
            drawn = self._icons[name, kind] = Markup(
                '<svg class="{}" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
                ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>'
            ).format(classes, Markup(self._files.icon(name)))  # noqa: S704 - our own file, fetched by lock
        return drawn

    def _when(self, moment: datetime, language: str, zone: ZoneInfo) -> str:
        """Short: the time today, day and time in this year, the whole date before."""
        local, today = moment.astimezone(zone), self._clock.now().astimezone(zone)
        time = f"{local:%H:%M}"
        if local.date() == today.date():
            return time
        skeleton = "dMMM" if abs(today - local) < timedelta(days=300) else "yMMMd"
        return f"{_skeleton(local.date(), skeleton, language)}, {time}"


@pass_context
def phone(context: Context, number: str | PhoneNumber | None) -> str:
    """For people: `+380 50 123 4567`; internal and foreign-looking numbers as they are."""
    text = "" if number is None else str(number)
    if len(text) <= _INTERNAL_LENGTH:
        return text
    parsed = PhoneNumber.parse(text, context["country"])
    return text if parsed is None else parsed.international


def duration(seconds: float | None) -> str:
    """`0:07`, `12:30`, `1:02:05`; empty where there is none."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def size(count: float) -> str:
    """Bytes for people: `12.4 MB`."""
    value, units = float(count), ["B", "KB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "B" or value >= 100 else f"{value:.1f} {units[0]}"


def _escaping(translate: Callable[..., str]) -> Callable[..., str]:
    """`_()` for templates. Jinja's own "new style" takes whatever it is given for safe markup, and ours is
    also given texts that hold a caller's name: so the text is plain, and escaped like any other."""

    def say(*texts: Any, **values: Any) -> str:
        return escape(translate(*texts)) % values if values else str(translate(*texts))

    return say


def _with_zone(function: Any) -> Any:
    """A filter `value | name` of `function(moment, language, zone)`, in the page's zone or a given one; None
    gives nothing."""

    @pass_context
    def filtered(context: Context, moment: datetime | None, zone: ZoneInfo | None = None) -> str:
        if moment is None:
            return ""
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return str(function(aware.astimezone(UTC), str(context["lang"]), zone or context["zone"]))

    return filtered


def _clock_time(moment: datetime, _language: str, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M:%S}"


def _day(moment: datetime, language: str, zone: ZoneInfo) -> str:
    return _skeleton(moment.astimezone(zone).date(), "EEEEdMMMM", language)


@lru_cache(maxsize=8192)
def _full_time(moment: datetime, language: str, zone: ZoneInfo) -> str:
    return format_datetime(moment.astimezone(zone), "d MMMM y, HH:mm:ss", locale=language)


@lru_cache(maxsize=8192)
def _skeleton(day: date, skeleton: str, language: str) -> str:
    patterns = {
        "dMMM": "d MMM",
        "yMMMd": "d MMM y",
        "EEEEdMMMM": "EEEE, d MMMM",
    }
    return format_date(day, patterns[skeleton], locale=language)


@pass_context
def date_only(context: Context, day: date, is_short: bool = False) -> str:
    """A day without a time, in any year: `24 серпня 2026, понеділок`; in short `24 серп. 2026, пн`."""
    return format_date(day, "d MMM y, EEE" if is_short else "d MMMM y, EEEE", locale=str(context["lang"]))


@pass_context
def _money(context: Context, amount: Money | None) -> str:
    if amount is None:
        return ""
    return format_currency(amount.decimal(), amount.currency, locale=str(context["lang"]))


@pass_context
def _decimal(context: Context, value: float) -> str:
    """With one decimal, as the language writes it: `84,7`."""
    return format_decimal(value, "#,##0.0", locale=str(context["lang"]))
