"""By which server, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hub.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings:
    """E-mail out; no host = off. `security`: `starttls` (port 587), `tls` (port 465), `none` (only inside of
    one's own computer; a password never goes that way). Replies go to `reply_to`, else to `from_address`.
    `subject` where a message has none of its own; empty: the name of the shop. `ca_file` for a server with a
    certificate of one's own."""

    host: str = ""
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: Secret = field(default_factory=Secret)
    from_address: str = ""
    from_name: str = ""
    reply_to: str = ""
    subject: str = ""
    ca_file: str = ""
    per_second: float = 1.0
    timeout: float = 20.0
