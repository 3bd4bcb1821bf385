"""What a connector's folder gives to the catalogue: a name, its own settings, and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from hub.clock import Clock
from hub.ports.apart import RunsApart
from hub.ports.connector import Connector
from hub.ports.journal import Journal
from hub.ports.outbound import Outbound
from hub.secret import Secret
from hub.settings import Settings

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeLine:
    """Where the practice exchange of this process listens, and the log-in there."""

    port: int
    username: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeAccount:
    """The account at the practice Twilio of this process, where it is, and how it knows the shop."""

    sid: str
    token: Secret
    number: str
    base: str
    public_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeProviderAccount:
    """The account at the practice provider of this process: its secrets, the names that we send under."""

    token: Secret
    webhook_secret: Secret
    base: str
    sms_sender: str
    viber_sender: str
    viber_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeBot:
    """The bot at the practice Telegram of this process, and where that is."""

    token: Secret
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeMailbox:
    """Where the practice mail server of this process listens, and the address that the shop sends from."""

    port: int
    address: str


@dataclass(slots=True)
class Site:
    """What a builder may use. `practice` is set once the practice exchange is built: connectors
    are built in the catalogue's order."""

    settings: Settings
    journal: Journal
    clock: Clock
    outbound: Callable[[Iterable[str]], Outbound]
    """The way to addresses that the settings name; of the own network only to these hosts and those of
    HUB_OUTBOUND__ALLOWED_HOSTS."""
    apart: RunsApart | None = None
    """Where processes of their own can be had; None: everything runs in this one."""
    practice: PracticeLine | None = None
    practice_sms: PracticeAccount | None = None
    practice_provider: PracticeProviderAccount | None = None
    practice_bot: PracticeBot | None = None
    practice_mail: PracticeMailbox | None = None

    def own(self, kind: type[S]) -> S:
        """The connector's own section of the settings; its defaults where nothing was read."""
        return next((one for one in self.settings.connectors.values() if type(one) is kind), None) or kind()


@dataclass(frozen=True, slots=True)
class Entry:
    """`build` gives None where the settings do not ask for the connector. `section` is the connector's
    own part of the settings, a frozen dataclass with defaults: `HUB_<NAME>__<KEY>`, `[<name>]` in
    hub.toml. Names that are a public contract stand in hub/settings.py instead."""

    name: str
    build: Callable[[Site], Connector | None]
    section: type[Any] | None = None
