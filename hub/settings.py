"""Settings: frozen, with their defaults; how they are read stands in hub/reading.py. Each section's
docstring is its line in README.md and in the example file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hub.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the web admin listens, and how the world sees it. Without https it is for one's own network:
    open addresses are refused, but for networks named in `plain_http_from`."""

    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    plain_http_from: tuple[str, ...] = ()


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
    """The line to the PBX; no host = off. `trunks` are patterns of endpoints that are outside lines.
    `record`: what Pitline has the PBX record (`inbound`, `outbound`, numbers of lines), into that folder of
    the PBX. `apart`: a process of its own holds the line, for more than 100 calls a second."""

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
    apart: bool = False
    record: tuple[str, ...] = ()
    record_folder: str = "/var/spool/asterisk/monitor"


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
    """Where the PBX writes recordings, where they are kept, and for how long. `speech_model`: the folder of a
    Vosk model, where what is said is to be written down. Picked for review are talks from so many seconds on
    hold, of people who are new for so many days, and so many of a hundred by lot.
    `finished` are folders below the spool into which complete files are renamed; elsewhere a file is complete
    when it was at rest for so many seconds after its call. `spool_after`: what was taken is removed from the
    spool (`remove`), or stays there (`keep`). The original is kept for so many days, then the `kept_form`
    alone (`opus`, `mp3`)."""

    spool: str = ""
    store: str = "var/recordings"
    retention_days: int = 90
    speech_model: str = ""
    review_hold_seconds: int = 120
    review_new_days: int = 30
    review_random_percent: int = 5
    finished: tuple[str, ...] = ("done",)
    rest_seconds: float = 5.0
    poll_seconds: float = 1.0
    spool_after: Literal["remove", "keep"] = "remove"
    original_days: int = 30
    kept_form: Literal["opus", "mp3"] = "opus"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """The journal of raw PBX messages: daily files, compressed, dropped after so many days."""

    folder: str = "var/journal"
    keep_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """Backups: each night at this time of the shop (empty: only when told), the newest of so many days,
    weeks and months; no good one for so many hours raises an alarm. With a passphrase they are encrypted."""

    folder: str = "var/backups"
    at: str = "03:30"
    keep_daily: int = 7
    keep_weekly: int = 5
    keep_monthly: int = 12
    alarm_hours: float = 36.0
    passphrase: Secret = field(default_factory=Secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingSettings:
    """Secrets in the database that must be known again are sealed under the newest key of this file (empty:
    beside the database, made at the first start), or of `keys`: newest first, by commas."""

    key_file: str = ""
    keys: Secret = field(default_factory=Secret)


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
    """Failed log-ins: an account's in 30 minutes, others' in 5; hours of a session and an invitation."""

    per_account: int = 5
    per_address: int = 10
    everybody: int = 1000
    idle_hours: float = 12.0
    longest_hours: float = 24.0 * 14
    invitation_hours: float = 72.0


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
class HooksSettings:
    """What providers send us: seconds that a request waits for the database before its sender is told to
    come again, and for its own body; days that it is kept as it came; of the refused ones, days and how
    many."""

    patience: float = 12.0
    body_seconds: float = 8.0
    keep_days: int = 7
    refused_keep_days: int = 14
    refused_most: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksSettings:
    """Call-backs: working minutes until one is due and until a superior is told; seconds of talk that count
    as reached; minutes within which two short calls ask for one; working minutes between tries, and how
    many there are; minutes that somebody has one in hand; whether the last try in vain tells a superior at
    once. Giving up is always said by a person."""

    due_minutes: float = 15.0
    escalate_minutes: float = 30.0
    reached_seconds: float = 15.0
    short_within_minutes: float = 10.0
    try_again_minutes: float = 30.0
    most_tries: int = 3
    claim_minutes: float = 5.0
    escalate_last_try: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagingSettings:
    """Messages: where their files are kept, and the largest one in megabytes; the price of one part of an SMS
    in the shop's currency (0: not shown); hours after which what could not be sent is given up; how
    often, in seconds, the sender looks. `sms_by`: which connector sends SMS (`twilio`, `http_sms`,
    `http_sms_2`) where several could; empty: the first that is set up."""

    files: str = "var/attachments"
    largest_file_mb: int = 20
    sms_part_price: float = 0.0
    give_up_hours: float = 24.0
    poll: float = 1.0
    sms_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsSettings:
    """Statistics of calls: within how many seconds an answer counts for the service level."""

    answer_within: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """`json` for machines, `text` for people; level by its usual name; how many of the last lines are
    kept in memory for /system and the support bundle."""

    format: str = "text"
    level: str = "info"
    keep_lines: int = 500


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
    (`journal.keep_days`): it wins over what is chosen on the settings pages. `connectors` holds the
    sections that connectors bring themselves, by name (connectors/entry.py)."""

    given: frozenset[str] = frozenset()
    connectors: Mapping[str, Any] = field(default_factory=dict, hash=False)
    server: ServerSettings = field(default_factory=ServerSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    redis: RedisSettings = field(default_factory=RedisSettings)
    shop: ShopSettings = field(default_factory=ShopSettings)
    ami: AmiSettings = field(default_factory=AmiSettings)
    twilio: TwilioSettings = field(default_factory=TwilioSettings)
    telegram: TelegramSettings = field(default_factory=TelegramSettings)
    recordings: RecordingsSettings = field(default_factory=RecordingsSettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    sealing: SealingSettings = field(default_factory=SealingSettings)
    relay: RelaySettings = field(default_factory=RelaySettings)
    jobs: JobsSettings = field(default_factory=JobsSettings)
    supervisor: SupervisorSettings = field(default_factory=SupervisorSettings)
    links: LinksSettings = field(default_factory=LinksSettings)
    login: LoginSettings = field(default_factory=LoginSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    outbound: OutboundSettings = field(default_factory=OutboundSettings)
    webhooks: WebhooksSettings = field(default_factory=WebhooksSettings)
    hooks: HooksSettings = field(default_factory=HooksSettings)
    tasks: TasksSettings = field(default_factory=TasksSettings)
    messaging: MessagingSettings = field(default_factory=MessagingSettings)
    reports: ReportsSettings = field(default_factory=ReportsSettings)
    log: LogSettings = field(default_factory=LogSettings)
    modules: ModulesSettings = field(default_factory=ModulesSettings)
    practice: PracticeSettings = field(default_factory=PracticeSettings)


NO_SECTIONS = ("given", "connectors")
"""Fields of Settings that are no sections of the program's own."""

__all__ = ["NO_SECTIONS", "Secret", "Settings"]
