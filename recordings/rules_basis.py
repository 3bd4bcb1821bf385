"""Pure rules: on what ground a call may be recorded, and which recordings must not be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Profile = Literal["notice", "opt_in"]
"""The caller is told; or the caller is asked, and says yes by a key."""

Notice = Literal["played", "spoken", "none"]
Consent = Literal["given", "refused"]
NoBasis = Literal["stopped", "withdrawn", "no_consent", "no_notice", "internal"]
"""Why a recording must not be kept: one of ours stopped it; the caller took the consent back, or gave none;
nobody told them; it is a talk among colleagues."""

LONGEST_SCRIPT = 500
SHORTEST_PAUSE, LONGEST_PAUSE = 1, 60
_OPT_IN = frozenset({"DE", "AT", "CH", "LI"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a shop has decided. `profile` None: as its country has it. `erases_unannounced`: a recording of
    which nobody was told is not kept (with opt-in that is always so). `pause_minutes`: a pause for card data
    ends by itself then. `script`: what is said on outbound calls; empty: Pitline's own words."""

    profile: Profile | None = None
    erases_unannounced: bool = False
    pause_minutes: int = 5
    script: str = ""


def profile_of(policy: Policy, country: str) -> Profile:
    """What holds for the shop."""
    return policy.profile or ("opt_in" if country.upper() in _OPT_IN else "notice")


def policy_of(stored: object) -> Policy:
    """As it was stored; what is missing or odd is as at first."""
    if not isinstance(stored, Mapping):
        return Policy()
    minutes = stored.get("pause_minutes")
    is_number = isinstance(minutes, int) and SHORTEST_PAUSE <= minutes <= LONGEST_PAUSE
    profile: Profile | None = None
    if stored.get("profile") in ("notice", "opt_in"):
        profile = "opt_in" if stored.get("profile") == "opt_in" else "notice"
    return Policy(
        profile=profile,
        erases_unannounced=stored.get("erases_unannounced") is True,
        pause_minutes=minutes if is_number and isinstance(minutes, int) else Policy().pause_minutes,
        script=str(stored.get("script") or "")[:LONGEST_SCRIPT],
    )


def faults_of(policy: Policy) -> dict[str, str]:
    """What is wrong with it, by field."""
    faults: dict[str, str] = {}
    if not SHORTEST_PAUSE <= policy.pause_minutes <= LONGEST_PAUSE:
        faults["pause_minutes"] = "From 1 to 60 minutes."
    if len(policy.script) > LONGEST_SCRIPT:
        faults["script"] = "This is too long."
    return faults


def why_not(
    *, direction: str, is_message: bool, notice: Notice, consent: Consent | None, policy: Policy, country: str
) -> NoBasis | None:
    """Why a recording of such a call must not be kept; None: it may. `is_message`: what the caller spoke onto
    the machine by himself, after the tone."""
    if direction == "internal":
        return "internal"
    if is_message:
        return None
    if consent == "refused":
        return "no_consent"
    if consent == "given":
        return None
    if profile_of(policy, country) == "opt_in":
        return "no_consent"
    return "no_notice" if policy.erases_unannounced and notice == "none" else None
