"""Whether a request is Twilio's: signed with one of our tokens, for this very address, of our account, and
with each of its parameters in its one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from connectors.twilio_sms.config import TwilioConfig
from connectors.twilio_sms.signature import ALGORITHM, HEADER, Form, TooManyFields, form_of, is_signed, proof
from hub.ports.hooks import Forged, Genuine, HookRequest

MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_PARTY = re.compile(r"[^\x00-\x1f]{1,64}")
_STATUS = re.compile(r"[a-z_-]{2,20}")
_SMS: Mapping[str, re.Pattern[str]] = {
    "MessageSid": MESSAGE_SID, "AccountSid": ACCOUNT_SID, "From": _PARTY, "To": _PARTY,
}  # fmt: skip
_REPORT: Mapping[str, re.Pattern[str]] = {
    "MessageSid": MESSAGE_SID, "AccountSid": ACCOUNT_SID, "MessageStatus": _STATUS,
}  # fmt: skip
_AT_MOST_ONCE = ("Body", "NumMedia", "MessageStatus", "ErrorCode", "MessagingServiceSid")

NO_ADDRESS = "HUB_SERVER__PUBLIC_URL is not set, so no signature can be checked."
UNSIGNED = "It bears no signature."
WRONG = "The signature does not fit the token, the public address or the account."
CUT = "Its parts are not where Twilio puts them: cut anew, doubled or missing."
ANOTHERS = "It belongs to another Twilio account."
TOO_MANY = "It has more fields than any message of Twilio."

Verify = Callable[[HookRequest], Genuine | Forged]


def sms_verifier(config: TwilioConfig) -> Verify:
    """For messages that came in; a message is one by its Sid."""

    def verify(request: HookRequest) -> Genuine | Forged:
        form = _genuine(config, request, _SMS)
        if isinstance(form, Forged):
            return form
        return Genuine(identity=_sid(form), signed=proof("sms", _signed_query(request), form))

    return verify


def status_verifier(config: TwilioConfig) -> Verify:
    """For reports of what became of ours; a report is one by Sid and state."""

    def verify(request: HookRequest) -> Genuine | Forged:
        form = _genuine(config, request, _REPORT)
        if isinstance(form, Forged):
            return form
        identity = f"{_sid(form)}:{form.one('MessageStatus')}"
        return Genuine(identity=identity, signed=proof("status", _signed_query(request), form))

    return verify


def form_in(request: HookRequest) -> Form:
    """The parameters, wherever Twilio was told to put them. Raises TooManyFields."""
    if request.method == "GET":
        return form_of(request.query.encode("utf-8", "surrogateescape"))
    return form_of(request.body)


def _genuine(
    config: TwilioConfig, request: HookRequest, wanted: Mapping[str, re.Pattern[str]]
) -> Form | Forged:
    if not config.public_url:
        return Forged(reason=NO_ADDRESS)
    given = request.headers.get(HEADER, "")
    if not given:
        return Forged(reason=UNSIGNED)
    try:
        form = form_in(request)
    except TooManyFields:
        return Forged(reason=TOO_MANY, status=413)
    tokens = [token.value for token in config.tokens]
    signed = Form(()) if request.method == "GET" else form
    if not is_signed(given, tokens, _url(config, request), signed, request.headers.get(ALGORITHM, "")):
        return Forged(reason=WRONG)
    if any(len(form.all(name)) > 1 for name in _AT_MOST_ONCE):
        return Forged(reason=CUT)
    for name, pattern in wanted.items():
        value = form.one(name)
        if value is None or pattern.fullmatch(value) is None:
            return Forged(reason=CUT)
    if form.one("AccountSid") != config.account_sid:
        return Forged(reason=ANOTHERS)
    return form


def _url(config: TwilioConfig, request: HookRequest) -> str:
    """The address as the settings say it: what the request itself says of its host proves nothing."""
    return config.public_url + request.path + (f"?{request.query}" if request.query else "")


def _signed_query(request: HookRequest) -> str:
    return "" if request.method == "GET" else request.query


def _sid(form: Form) -> str:
    return form.one("MessageSid") or ""
