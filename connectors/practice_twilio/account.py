"""What stands at the practice Twilio: messages both ways, and the ledger of all that happened, which nobody
can talk out of it. No IO but the ledger's file."""

from __future__ import annotations

import json
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from hub.clock import Clock

GSM_SINGLE, GSM_PART, WIDE_SINGLE, WIDE_PART = 160, 153, 70, 67
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


@dataclass(slots=True)
class PracticeMessage:
    """One message as the API shows it."""

    sid: str
    direction: str
    sender: str
    to: str
    body: str
    status: str
    created_at: datetime
    callback: str = ""
    service: str | None = None
    error_code: int | None = None
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """By its Sid: content type and bytes."""


@dataclass(slots=True)
class Account:
    """One account. `refusals`: receiver to HTTP status, code and message of the refusal; `mischief`: what
    the next requests that create a message meet: `429`, `500`, `silence` (nothing is done and nothing
    answered), `lost` (it is done, and the answer is lost), `early delivered` (the report, or one of another
    state, comes before the answer)."""

    sid: str
    tokens: list[str]
    clock: Clock
    ledger_path: Path | None = None
    name: str = "Practice"
    status: str = "active"
    messages: dict[str, PracticeMessage] = field(default_factory=dict)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    mischief: deque[str] = field(default_factory=deque)
    retry_after: int | None = None

    def note(self, what: str, **more: Any) -> None:
        """Append a line to the ledger."""
        line = {"at": self.clock.now().isoformat(), "what": what, **more}
        self.ledger.append(line)
        if self.ledger_path is not None:
            with self.ledger_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def create(
        self, form: Mapping[str, str], media: Sequence[tuple[str, bytes]] = ()
    ) -> PracticeMessage:  # fmt: skip
        """A message of the shop's, with what was fetched for it."""
        made = PracticeMessage(
            sid=("MM" if media else "SM") + secrets.token_hex(16),
            direction="outbound-api",
            sender=form.get("From", ""),
            to=form["To"],
            body=form.get("Body", ""),
            status="queued",
            created_at=self.clock.now(),
            callback=form.get("StatusCallback", ""),
            service=form.get("MessagingServiceSid"),
            media={f"ME{secrets.token_hex(16)}": one for one in media},
        )
        self.messages[made.sid] = made
        self.note("sent", sid=made.sid, to=made.to, body=made.body, callback=made.callback)
        return made

    def arrive(
        self, sender: str, to: str, body: str, media: Mapping[str, tuple[str, bytes]], service: str | None
    ) -> PracticeMessage:
        """A message of a client's."""
        made = PracticeMessage(
            sid=("MM" if media else "SM") + secrets.token_hex(16),
            direction="inbound",
            sender=sender,
            to=to,
            body=body,
            status="received",
            created_at=self.clock.now(),
            service=service,
            media=dict(media),
        )
        self.messages[made.sid] = made
        self.note("received", sid=made.sid, sender=sender, body=body)
        return made

    def sent(self) -> list[PracticeMessage]:
        """What the shop has sent, in order."""
        return [one for one in self.messages.values() if one.direction != "inbound"]

    def shown(self, one: PracticeMessage) -> dict[str, Any]:
        """As the API writes it."""
        at = format_datetime(one.created_at)
        place = f"/2010-04-01/Accounts/{self.sid}/Messages/{one.sid}"
        return {
            "sid": one.sid, "account_sid": self.sid, "messaging_service_sid": one.service,
            "from": one.sender or None, "to": one.to, "body": one.body, "status": one.status,
            "direction": one.direction, "num_segments": str(parts_of(one.body)),
            "num_media": str(len(one.media)), "date_created": at, "date_updated": at,
            "date_sent": None if one.status == "queued" else at, "error_code": one.error_code,
            "error_message": None, "price": None, "price_unit": "USD", "api_version": "2010-04-01",
            "uri": f"{place}.json", "subresource_uris": {"media": f"{place}/Media.json"},
        }  # fmt: skip


def parts_of(text: str) -> int:
    """How many SMS it takes."""
    if set(text) <= _GSM:
        single, part, length = GSM_SINGLE, GSM_PART, len(text)
    else:
        single, part, length = WIDE_SINGLE, WIDE_PART, len(text.encode("utf-16-le")) // 2
    return 1 if length <= single else -(-length // part)
