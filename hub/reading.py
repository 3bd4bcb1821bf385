"""Reads the settings, once: defaults in code, then config/hub.toml, then `HUB_<SECTION>__<KEY>`; a secret
may come from the file named by `HUB_<SECTION>__<KEY>_FILE`. An unknown name stops the start and the nearest
right one is named. Nothing reads the environment after this."""

from __future__ import annotations

import difflib
import re
import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.errors import Invalid
from hub.secret import Secret
from hub.settings import NO_SECTIONS, Settings

_PREFIX = "HUB_"
_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^\s]*@")
"""In an address: `postgresql+asyncpg://pitline:secret@db/pitline`."""
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


Sections = Mapping[str, type[Any]]
"""Name of a section to its frozen dataclass."""


def load(
    environment: Mapping[str, str], toml: Path | None = None, brought: Sections = MappingProxyType({})
) -> Settings:
    """Read the settings; `brought` are the sections that connectors bring. Raises Invalid (code
    `settings.invalid`) naming the setting, what is wrong with it, and for an unknown name the nearest
    right one."""
    kinds = {**own_sections(), **brought}
    raw: dict[str, dict[str, Any]] = {}
    if toml is not None and toml.is_file():
        for section, key, value in _from_toml(toml, kinds):
            raw.setdefault(section, {})[key] = value
    for section, key, value in _from_environment(environment, kinds):
        raw.setdefault(section, {})[key] = value
    sections = {name: _section(kind, name, raw.get(name, {})) for name, kind in kinds.items()}
    given = frozenset(f"{section}.{key}" for section, keys in raw.items() for key in keys)
    connectors = {name: sections.pop(name) for name in brought}
    settings = Settings(given=given, connectors=connectors, **sections)
    _check(settings)
    return settings


def names() -> list[str]:
    """Every setting's name in the environment, in order: for the example file and the docs. Those that
    connectors bring stand in their own folders."""
    return names_of(own_sections())


def names_of(kinds: Sections) -> list[str]:
    """The names of these sections' settings in the environment."""
    return [f"{_PREFIX}{section}__{key}".upper() for section, key, _ in _known(kinds)]


def own_sections() -> dict[str, type[Any]]:
    """The program's own sections, in order."""
    hints = typing.get_type_hints(Settings)
    return {spec.name: hints[spec.name] for spec in fields(Settings) if spec.name not in NO_SECTIONS}


def _known(kinds: Sections) -> Iterator[tuple[str, str, Any]]:
    for section, kind in kinds.items():
        hints = typing.get_type_hints(kind)
        for spec in fields(kind):
            yield section, spec.name, hints[spec.name]


def _from_toml(path: Path, kinds: Sections) -> Iterator[tuple[str, str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(str(path), f"is not valid TOML: {error}") from error
    known = {(section, key) for section, key, _ in _known(kinds)}
    for section, table in document.items():
        for key, value in table.items() if isinstance(table, dict) else [("", table)]:
            if (section, key) not in known:
                raise _unknown(f"[{section}] {key}", [f"[{s}] {k}" for s, k in sorted(known)])
            yield section, key, value


def _from_environment(environment: Mapping[str, str], sections: Sections) -> Iterator[tuple[str, str, Any]]:
    kinds = {f"{_PREFIX}{s}__{k}".upper(): (s, k, kind) for s, k, kind in _known(sections)}
    for name, value in environment.items():
        if not name.startswith(_PREFIX) or "__" not in name:
            continue
        if name in kinds:
            yield kinds[name][0], kinds[name][1], value
        elif name.endswith("_FILE") and kinds.get(name.removesuffix("_FILE"), ("", "", None))[2] is Secret:
            section, key, _ = kinds[name.removesuffix("_FILE")]
            try:
                yield section, key, Path(value).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise _wrong(name, f"names a file that cannot be read: {error}") from error
        else:
            raise _unknown(name, list(kinds))


def _section(kind: type[Any], section: str, raw: Mapping[str, Any]) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(**{key: _convert(hints[key], f"{section}.{key}", value) for key, value in raw.items()})


def _convert(kind: Any, name: str, value: Any) -> Any:
    origin = typing.get_origin(kind)
    try:
        if kind is Secret:
            return Secret(str(value))
        if origin is tuple:
            items = value if isinstance(value, list) else [v.strip() for v in str(value).split(",")]
            return tuple(_convert(typing.get_args(kind)[0], name, item) for item in items if item != "")
        if origin is Literal:
            return _one_of(typing.get_args(kind), name, value)
        if kind is bool:
            return _truth(value)
        if kind in (int, float):
            return kind(value)
    except (TypeError, ValueError) as error:
        shown = kind.__name__ if isinstance(kind, type) else str(kind)
        raise _wrong(name, f"should be {shown}, not {value!r}") from error
    return str(value)


def _one_of(choices: tuple[Any, ...], name: str, value: Any) -> str:
    if value not in choices:
        raise _wrong(name, f"is one of {', '.join(choices)}, not {value!r}")
    return str(value)


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(value)


def _check(settings: Settings) -> None:
    try:
        ZoneInfo(settings.shop.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _wrong("HUB_SHOP__TIMEZONE", f"knows no zone {settings.shop.timezone!r}") from error
    country = settings.shop.country
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise _wrong("HUB_SHOP__COUNTRY", f"is a country of two letters, like UA, not {country!r}")
    if settings.shop.short_call_seconds < 0:
        raise _wrong("HUB_SHOP__SHORT_CALL_SECONDS", "is 0 or more")
    if settings.shop.language not in ("en", "ru", "uk"):
        raise _wrong("HUB_SHOP__LANGUAGE", "is one of en, ru, uk")
    if settings.backup.at and not _TIME.fullmatch(settings.backup.at):
        raise _wrong("HUB_BACKUP__AT", f"is a time of the day, like 03:30, not {settings.backup.at!r}")
    if not settings.database.url.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
        raise _wrong("HUB_DATABASE__URL", "begins with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    if settings.ami.host and not (settings.ami.username and settings.ami.secret):
        raise _wrong("HUB_AMI__HOST", "is set, so HUB_AMI__USERNAME and HUB_AMI__SECRET are needed too")
    for key in ("token_rate", "token_burst", "person_rate", "person_burst", "address_rate", "address_burst"):
        if getattr(settings.api, key) <= 0:
            raise _wrong(f"HUB_API__{key.upper()}", "is more than 0")
    for key in ("trusted_proxies", "plain_http_from"):
        for network in getattr(settings.server, key):
            if not _is_network(network):
                raise _wrong(f"HUB_SERVER__{key.upper()}", f"is of networks like 10.0.0.0/8, not {network!r}")
    for name, port in (("HUB_SERVER__PORT", settings.server.port), ("HUB_AMI__PORT", settings.ami.port)):
        if not 0 <= port <= 65535:
            raise _wrong(name, f"is a port from 0 to 65535, not {port}")


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _wrong(name: str, text: str) -> Invalid:
    return Invalid("settings.invalid", f"The setting {name} {text}.", "Mend it and start again.")


def _unknown(name: str, known: list[str]) -> Invalid:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    hint = f"Did you mean {nearest[0]}?" if nearest else ""
    return Invalid("settings.unknown", f"There is no setting {name}.", hint)


def sections_of(settings: Settings) -> dict[str, Any]:
    """Every section by its name, those that connectors bring included."""
    return {name: getattr(settings, name) for name in own_sections()} | dict(settings.connectors)


def masked(settings: Settings) -> Iterator[tuple[str, str]]:
    """Name and value of every setting, secrets masked: what `pitline doctor config` prints."""
    sections = sections_of(settings)
    for section, key, _ in _known({name: type(one) for name, one in sections.items()}):
        value = getattr(sections[section], key)
        yield f"{section}.{key}", repr(value) if is_dataclass(value) else _shown(value)


def _shown(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return _PASSWORD.sub(r"\1***@", text)
