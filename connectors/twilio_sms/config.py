"""What the connector is told: whose account, by which address the world calls us, where the API is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hub.secret import Secret
from hub.settings import Settings

API = "https://api.twilio.com"
SMS_PATH = "/hooks/twilio/sms"
MMS_REGION = "+1"
"""Where Twilio carries files, both ways."""
STATUS_PATH = "/hooks/twilio/status"
_NUMBER = re.compile(r"\+[0-9]{6,15}|[0-9]{3,8}")
_SERVICE = re.compile(r"MG[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioConfig:
    """`tokens`: all that sign and all that may be used, the newest first. `sender`: a number, a name, or a
    Messaging Service (`MG…`). `public_url` without a slash at its end, or empty."""

    account_sid: str
    tokens: tuple[Secret, ...]
    sender: str
    api_base: str = API
    public_url: str = ""
    catch_up_seconds: float = 300.0
    timeout: float = 10.0

    @classmethod
    def of(cls, settings: Settings) -> TwilioConfig | None:
        """None where the settings name no account."""
        twilio = settings.twilio
        tokens = tuple(Secret(one.strip()) for one in twilio.auth_token.value.split(",") if one.strip())
        if not twilio.account_sid or not tokens:
            return None
        return cls(
            account_sid=twilio.account_sid.strip(),
            tokens=tokens,
            sender=twilio.from_number.strip(),
            api_base=(twilio.api_base or API).rstrip("/"),
            public_url=settings.server.public_url.rstrip("/"),
        )

    @property
    def is_number(self) -> bool:
        """Whether one can answer to it."""
        return _NUMBER.fullmatch(self.sender) is not None

    @property
    def sends_files(self) -> bool:
        """MMS: from a number of the USA or Canada, and Twilio has to reach us to fetch them."""
        return self.is_number and self.sender.startswith(MMS_REGION) and bool(self.public_url)

    @property
    def is_service(self) -> bool:
        """Whether it is a Messaging Service, which chooses the number itself."""
        return _SERVICE.fullmatch(self.sender) is not None
