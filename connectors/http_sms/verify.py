"""Whether a request is the provider's: it bears a proof made with the secret that we share."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from connectors.http_sms.profile import WebhookSpec
from connectors.http_sms.template import fill
from connectors.http_sms.translate import document_of, state_in, text_at
from hub.ports.hooks import Forged, Genuine, HookRequest
from hub.secret import Secret

NO_SECRET = "HUB_HTTP_SMS__WEBHOOK_SECRET is not set, so no report can be checked."  # noqa: S105 - a reason
UNSIGNED = "It bears no signature."
WRONG = "The signature does not fit the secret."
NO_REPORT = "It tells of no message: its parts are not where the profile says."
_LONGEST_PROOF = 300
_MOST_FIELDS = 50


def verifier(webhook: WebhookSpec, secret: Secret) -> Callable[[HookRequest], Genuine | Forged]:
    """For reports of one account. A proof that covers the identity alone makes the identity what is
    remembered: the same one is silence, whatever else the request says."""

    def verify(request: HookRequest) -> Genuine | Forged:
        if not secret.value:
            return Forged(reason=NO_SECRET)
        document = read(request)
        given = _given(webhook.signature, request, document)
        if not given:
            return Forged(reason=UNSIGNED)
        identity = text_at(document, webhook.identity) if webhook.identity else ""
        given = given if webhook.proof == "shared" else given.lower()
        if not any(_same(given, wanted) for wanted in _wanted(webhook, secret.value, identity, request.body)):
            return Forged(reason=WRONG)
        told = state_in(webhook, document)
        if not told.id or not told.word or (webhook.identity and not identity):
            return Forged(reason=NO_REPORT)
        if webhook.proof in ("sha1", "sha256"):
            return Genuine(identity=identity, signed=identity.encode())
        return Genuine(identity=identity or f"{told.id}:{told.word}:{told.by}")

    return verify


def read(request: HookRequest) -> Any:
    """The body: JSON, or a form as flat fields."""
    document = document_of(request.body)
    if isinstance(document, dict):
        return document
    raw = request.body if request.method == "POST" else request.query.encode("utf-8", "surrogateescape")
    return _form(raw.decode("utf-8", "replace"))


def _form(text: str) -> dict[str, str]:
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _given(place: str, request: HookRequest, document: Any) -> str:
    where, _, name = place.rpartition(":")
    if where == "header":
        return request.headers.get(name.lower(), "")[:_LONGEST_PROOF]
    if where == "query":
        return _form(request.query).get(name, "")[:_LONGEST_PROOF]
    return text_at(document, place)


def _wanted(webhook: WebhookSpec, secret: str, identity: str, body: bytes) -> list[str]:
    if webhook.proof == "shared":
        return [secret]
    if webhook.proof in ("hmac-sha1", "hmac-sha256"):
        return [hmac.new(secret.encode(), body, webhook.proof.removeprefix("hmac-")).hexdigest()]
    values = {"secret": secret, "identity": identity}
    return [hashlib.new(webhook.proof, str(fill(one, values)).encode()).hexdigest() for one in webhook.over]


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))
