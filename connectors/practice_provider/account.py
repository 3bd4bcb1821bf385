"""What stands at the practice provider: messages with their legs, and the ledger of all that happened, which
nobody can talk out of it. No IO but the ledger's file."""

from __future__ import annotations

import json
import secrets
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.clock import Clock

_NO_VIBER = ("7", "8", "9")


@dataclass(slots=True)
class PracticeShortMessage:
    """One message. `leg` is the channel that it is on now, `status` that channel's word for it."""

    id: str
    phone: str
    leg: str
    status: str
    created_at: datetime
    viber: str = ""
    sms: str = ""
    sender: str = ""
    updated_at: datetime | None = None

    @property
    def text(self) -> str:
        """As the receiver reads it."""
        return self.sms if self.leg == "sms" else self.viber


@dataclass(slots=True)
class ProviderAccount:
    """One account. `refusals`: receiver to code and word of the refusal; `mischief`: what the next
    requests to send meet: `429`, `500`, `page` (an HTML page of a proxy), `silence` (nothing is done and
    nothing answered), `lost` (it is done, and the answer is lost), `broken` (it is done, and the answer is
    a 502). `remembers`: whether the same sequence_id twice is one message."""

    token: str
    secret: str
    clock: Clock
    ledger_path: Path | None = None
    balance: str = "250.00"
    is_empty: bool = False
    remembers: bool = True
    messages: dict[str, PracticeShortMessage] = field(default_factory=dict)
    sequences: dict[str, tuple[bytes, Any]] = field(default_factory=dict)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    mischief: deque[str] = field(default_factory=deque)

    def note(self, what: str, **more: Any) -> None:
        """Append a line to the ledger."""
        line = {"at": self.clock.now().isoformat(), "what": what, **more}
        self.ledger.append(line)
        if self.ledger_path is not None:
            with self.ledger_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def create(self, phone: str, viber: dict[str, Any], sms: dict[str, Any]) -> PracticeShortMessage:
        """A message of the shop's, on its first leg."""
        first = "viber" if viber else "sms"
        made = PracticeShortMessage(
            id=str(uuid.UUID(bytes=secrets.token_bytes(16))), phone=phone, leg=first, status="Queued",
            created_at=self.clock.now(), viber=str(viber.get("text", "")), sms=str(sms.get("text", "")),
            sender=str((viber or sms).get("sender", "")),
        )  # fmt: skip
        self.messages[made.id] = made
        self.note("sent", id=made.id, to=phone, body=made.text, leg=first)
        return made

    def move(self, one: PracticeShortMessage, status: str, leg: str = "") -> None:
        """It has come so far."""
        one.status, one.leg, one.updated_at = status, leg or one.leg, self.clock.now()
        self.note("moved", id=one.id, leg=one.leg, status=status)

    def sent(self) -> list[PracticeShortMessage]:
        """What the shop has sent, in order."""
        return list(self.messages.values())


def has_viber(phone: str) -> bool:
    """Whether a phone of the practice has Viber."""
    return not phone.endswith(_NO_VIBER)
