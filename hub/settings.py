"""Settings: frozen, read once. Defaults here, then config/hub.toml, then `HUB_<SECTION>__<KEY>`;
a secret may come from the file named by `HUB_<SECTION>__<KEY>_FILE`. An unknown name stops the start
and the nearest right one is named. Nothing reads the environment after this."""

from __future__ import annotations

import difflib
import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.errors import Invalid
from hub.secret import Secret

_PREFIX = "HUB_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the web admin listens, and how the world sees it."""

    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """`sqlite+aiosqlite:///path` or `postgresql+asyncpg://…`."""

    url: str = "sqlite+aiosqlite:///var/pitline.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """Several processes find each other here; empty: everything in one process. `prefix` keeps two
    installations on one Redis apart."""

    url: str = ""
    prefix: str = "pitline"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSettings:
    """The first shop's country (ISO 3166), zone, currency (ISO 4217), language and package."""

    name: str = ""
    country: str = "UA"
    timezone: str = "Europe/Kyiv"
    currency: str = "UAH"
    language: str = "uk"
    plan: str = "profi"
    short_call_seconds: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """The line to the PBX; no host = off. `trunks` are patterns of endpoints that are outside lines."""

    host: str = ""
    port: int = 5038
    username: str = ""
    secret: Secret = field(default_factory=Secret)
    trunks: tuple[str, ...] = ("trunk*",)
    connect_timeout: float = 5.0
    ping_interval: float = 3.0
    ping_timeout: float = 5.0
    boot_timeout: float = 20.0
    queue_size: int = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSettings:
    """SMS by Twilio; two tokens by comma while rotating."""

    account_sid: str = ""
    auth_token: Secret = field(default_factory=Secret)
    from_number: str = ""
    api_base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """The bot; no webhook secret = long polling."""

    token: Secret = field(default_factory=Secret)
    api_base: str = ""
    webhook_secret: Secret = field(default_factory=Secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingsSettings:
    """Where the PBX writes recordings, where they are kept, and for how long."""

    spool: str = ""
    store: str = "var/recordings"
    retention_days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """The journal of raw PBX messages: daily files, compressed, dropped after so many days."""

    folder: str = "var/journal"
    keep_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """Waits of the relay in seconds, and how many deliveries go into one transaction."""

    batch: int = 500
    lease: float = 30.0
    poll: float = 1.0
    backoff: tuple[float, ...] = (1.0, 5.0, 30.0, 120.0, 600.0)
    keep_done_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSettings:
    """How often the table of jobs is looked at and how long a run may be silent before another process
    takes it, in seconds; how many run side by side; how many days ended runs are kept."""

    poll: float = 1.0
    lease: float = 60.0
    at_once: int = 4
    keep_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorSettings:
    """Back-off of connectors in seconds: first wait, longest wait, and after a refused log-in."""

    first_wait: float = 0.5
    longest_wait: float = 60.0
    auth_wait: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksSettings:
    """Several processes: how long, in seconds, a link to the outside stays with a process that has
    stopped breathing."""

    lease: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSettings:
    """Sessions and the brakes on log-in: failures per account in 30 minutes, per address in 5
    minutes, and of everybody in 5 minutes; idle and longest life of a session in hours."""

    per_account: int = 5
    per_address: int = 10
    everybody: int = 1000
    idle_hours: float = 12.0
    longest_hours: float = 24.0 * 14


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """How often one may ask: requests at once (burst), refilled with so many a second (rate), for a
    token, for a person's browser, and for an address that nobody is signed in from; and for how many
    days the answer to an Idempotency-Key is kept."""

    token_rate: float = 2000.0
    token_burst: int = 6000
    person_rate: float = 200.0
    person_burst: int = 1000
    address_rate: float = 100.0
    address_burst: int = 500
    keep_answers_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundSettings:
    """Hosts of the own network (names, addresses, networks like 192.168.1.0/24) that webhooks may be
    sent to, also without https. All others must be on the open Internet."""

    allowed_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksSettings:
    """Outgoing webhooks: seconds for one request; how many at once to one endpoint; waits in seconds
    between tries; hours after which a delivery is given up; days of failure after which an endpoint
    is switched off; hours that an old secret still signs; days that the log is kept."""

    timeout: float = 10.0
    at_once: int = 4
    backoff: tuple[float, ...] = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 43200.0)
    give_up_hours: float = 72.0
    switch_off_days: float = 5.0
    old_secret_hours: float = 24.0
    keep_days: int = 30
    poll: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """`json` for machines, `text` for people; level by its usual name."""

    format: str = "text"
    level: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulesSettings:
    """Modules that are switched off by name."""

    off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeSettings:
    """The practice exchange of `pitline demo`: off unless the demo asks for it. `pace` 1.0 is a
    human's; 10.0 plays ten times as fast."""

    enabled: bool = False
    pace: float = 1.0
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole tree, passed down by the composition root. `given` names what file and environment say
    (`journal.keep_days`): it wins over what is chosen on the settings pages."""

    given: frozenset[str] = frozenset()
    server: ServerSettings = field(default_factory=ServerSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    redis: RedisSettings = field(default_factory=RedisSettings)
    shop: ShopSettings = field(default_factory=ShopSettings)
    ami: AmiSettings = field(default_factory=AmiSettings)
    twilio: TwilioSettings = field(default_factory=TwilioSettings)
    telegram: TelegramSettings = field(default_factory=TelegramSettings)
    recordings: RecordingsSettings = field(default_factory=RecordingsSettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    relay: RelaySettings = field(default_factory=RelaySettings)
    jobs: JobsSettings = field(default_factory=JobsSettings)
    supervisor: SupervisorSettings = field(default_factory=SupervisorSettings)
    links: LinksSettings = field(default_factory=LinksSettings)
    login: LoginSettings = field(default_factory=LoginSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    outbound: OutboundSettings = field(default_factory=OutboundSettings)
    webhooks: WebhooksSettings = field(default_factory=WebhooksSettings)
    log: LogSettings = field(default_factory=LogSettings)
    modules: ModulesSettings = field(default_factory=ModulesSettings)
    practice: PracticeSettings = field(default_factory=PracticeSettings)


def load(environment: Mapping[str, str], toml: Path | None = None) -> Settings:
    """Read the settings. Raises Invalid (code `settings.invalid`) naming the setting, what is wrong
    with it, and for an unknown name the nearest right one."""
    raw: dict[str, dict[str, Any]] = {}
    if toml is not None and toml.is_file():
        for section, key, value in _from_toml(toml):
            raw.setdefault(section, {})[key] = value
    for section, key, value in _from_environment(environment):
        raw.setdefault(section, {})[key] = value
    sections: dict[str, Any] = {}
    for name, kind in _sections():
        sections[name] = _section(kind, name, raw.get(name, {}))
    given = frozenset(f"{section}.{key}" for section, keys in raw.items() for key in keys)
    settings = Settings(given=given, **sections)
    _check(settings)
    return settings


def names() -> list[str]:
    """Every setting's name in the environment, in order: for the example file and the docs."""
    return [f"{_PREFIX}{section}__{key}".upper() for section, key, _ in _known()]


def _sections() -> Iterator[tuple[str, type[Any]]]:
    hints = typing.get_type_hints(Settings)
    yield from ((spec.name, hints[spec.name]) for spec in fields(Settings) if spec.name != "given")


def _known() -> Iterator[tuple[str, str, Any]]:
    for section, kind in _sections():
        hints = typing.get_type_hints(kind)
        for spec in fields(kind):
            yield section, spec.name, hints[spec.name]


def _from_toml(path: Path) -> Iterator[tuple[str, str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(str(path), f"is not valid TOML: {error}") from error
    known = {(section, key) for section, key, _ in _known()}
    for section, table in document.items():
        for key, value in table.items() if isinstance(table, dict) else [("", table)]:
            if (section, key) not in known:
                raise _unknown(f"[{section}] {key}", [f"[{s}] {k}" for s, k in sorted(known)])
            yield section, key, value


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    kinds = {f"{_PREFIX}{s}__{k}".upper(): (s, k, kind) for s, k, kind in _known()}
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
        if kind is bool:
            return _truth(value)
        if kind in (int, float):
            return kind(value)
    except (TypeError, ValueError) as error:
        shown = kind.__name__ if isinstance(kind, type) else str(kind)
        raise _wrong(name, f"should be {shown}, not {value!r}") from error
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
    if not settings.database.url.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
        raise _wrong("HUB_DATABASE__URL", "begins with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    if settings.ami.host and not (settings.ami.username and settings.ami.secret):
        raise _wrong("HUB_AMI__HOST", "is set, so HUB_AMI__USERNAME and HUB_AMI__SECRET are needed too")
    for key in ("token_rate", "token_burst", "person_rate", "person_burst", "address_rate", "address_burst"):
        if getattr(settings.api, key) <= 0:
            raise _wrong(f"HUB_API__{key.upper()}", "is more than 0")
    for name, port in (("HUB_SERVER__PORT", settings.server.port), ("HUB_AMI__PORT", settings.ami.port)):
        if not 0 <= port <= 65535:
            raise _wrong(name, f"is a port from 0 to 65535, not {port}")


def _wrong(name: str, text: str) -> Invalid:
    return Invalid("settings.invalid", f"The setting {name} {text}.", "Mend it and start again.")


def _unknown(name: str, known: list[str]) -> Invalid:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    hint = f"Did you mean {nearest[0]}?" if nearest else ""
    return Invalid("settings.unknown", f"There is no setting {name}.", hint)


def masked(settings: Settings) -> Iterator[tuple[str, str]]:
    """Name and value of every setting, secrets masked: what `pitline doctor config` prints."""
    for section, key, _ in _known():
        value = getattr(getattr(settings, section), key)
        yield f"{section}.{key}", repr(value) if is_dataclass(value) else _shown(value)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


__all__ = ["Secret", "Settings", "load", "masked", "names"]
