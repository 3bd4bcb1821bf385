"""Where the other box is, and who we are there."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpSpoolConfig:
    """The spool of a PBX on another box, by SFTP; no host = off. Its key must stand in `known_hosts`. What
    was fetched is removed there, unless it is to be kept."""

    host: str = ""
    port: int = 22
    username: str = "pitline"
    password: Secret = field(default_factory=Secret)
    key_file: str = ""
    known_hosts: str = ""
    folder: str = "/var/spool/asterisk/monitor"
    keep: bool = False
    rest_seconds: float = 5.0
    poll_seconds: float = 3.0
