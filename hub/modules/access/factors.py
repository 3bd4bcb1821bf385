"""Second factors: time-based codes of an authenticator app (RFC 6238), and codes for when it is lost."""

from __future__ import annotations

import io
import re
import secrets
from datetime import datetime

import pyotp
import segno

STEP_SECONDS = 30
TOLERANCE_SECONDS = 5
"""For typing at the last moment, and for clocks that differ a little."""
RECOVERY_CODES = 10
_TOTP = re.compile(r"\d{6}", re.ASCII)
_RECOVERY = re.compile(r"([0-9])[a-z2-9]{10}", re.ASCII)
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def new_seed() -> str:
    """160 bits in base32, as authenticator apps take it."""
    return pyotp.random_base32(32)


def step_of(seed: str, code: str, now: datetime) -> int | None:
    """The 30 s step that a code belongs to; None for a wrong one, or one whose time is over or not come."""
    if not _TOTP.fullmatch(code):
        return None
    at, totp = now.timestamp(), pyotp.TOTP(seed)
    counting = {int(at + off) // STEP_SECONDS for off in (-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS)}
    fitting = [step for step in counting if secrets.compare_digest(totp.generate_otp(step), code)]
    return max(fitting, default=None)


def is_of_another_time(seed: str, code: str, now: datetime) -> bool:
    """Whether it is a right code of the last or next ten minutes: the clocks differ. Only for whoever has
    just been given the seed; to others it would tell too much."""
    present, totp = int(now.timestamp()) // STEP_SECONDS, pyotp.TOTP(seed)
    return bool(_TOTP.fullmatch(code)) and code in {totp.generate_otp(present + n) for n in range(-20, 21)}


def clean_code(text: str) -> str:
    """What was typed, without the spaces and dashes that people and apps put in."""
    return re.sub(r"[\s-]", "", text[:64]).casefold()


def recovery_number(code: str) -> int | None:
    """Which of the ten a (cleaned) recovery code is: its first digit; None for anything else."""
    found = _RECOVERY.fullmatch(code)
    return int(found[1]) if found else None


def new_recovery_codes() -> list[str]:
    """Ten codes like `3-abcde-fghjk`; the digit says which it is, the letters are 49 bits."""
    made: list[str] = []
    for number in range(RECOVERY_CODES):
        letters = "".join(secrets.choice(_READABLE) for _ in range(10))
        made.append(f"{number}-{letters[:5]}-{letters[5:]}")
    return made


def enrolment_address(seed: str, login: str, issuer: str) -> str:
    """The `otpauth://` address that the picture holds."""
    return pyotp.TOTP(seed).provisioning_uri(name=login, issuer_name=issuer)


def picture_of(address: str) -> bytes:
    """The address as a QR code, SVG: dark on white also in the dark, since cameras need it."""
    buffer = io.BytesIO()
    segno.make(address, error="m").save(
        buffer, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False
    )
    return buffer.getvalue()
