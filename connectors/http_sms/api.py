"""Requests as the profile writes them, and what an answer says before anybody reads its body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.http_sms.config import HttpSmsSettings
from connectors.http_sms.profile import AskSpec, Profile, RequestSpec
from connectors.http_sms.template import encoded, fill, form_of
from connectors.http_sms.translate import document_of, outcome_of, text_at
from hub.ports.errors import AuthFailed, NotReady, PermanentError, TransientError
from hub.ports.messaging import OutgoingMessage, Refused, UnknownOutcome
from hub.ports.outbound import AnswerLost, Outbound, Reply

_BUSY_WAIT, _AWAY_WAIT, _LONGEST_WAIT = 5.0, 10.0, 3600.0
_LARGEST_ANSWER = 1024 * 1024


class ProviderApi:
    """One account. Every method raises the words of hub/ports only."""

    def __init__(self, settings: HttpSmsSettings, profile: Profile, outbound: Outbound) -> None:
        self._settings = settings
        self._profile = profile
        self._outbound = outbound
        self._base = (settings.api_base or profile.base).rstrip("/")

    async def close(self) -> None:
        """Let go of every connection."""
        await self._outbound.close()

    async def check(self) -> str:
        """Whether the account is good; what it has left, where that is told. Raises AuthFailed, NotReady."""
        spec = self._profile.check
        if spec is None:
            return ""
        try:
            answer = await self._ask(spec, {"token": self._settings.token.value})
        except (TransientError, UnknownOutcome) as error:
            raise NotReady(f"{self._profile.title} does not answer.") from error
        except Refused as error:
            raise NotReady(error.text) from error
        if answer.status >= 500:
            raise NotReady(f"{self._profile.title} has trouble of its own.")
        outcome = outcome_of(self._profile, answer.body)
        if outcome.verdict == "account":
            raise AuthFailed(outcome.text)
        return text_at(document_of(answer.body), *self._profile.balance)

    async def send(self, message: OutgoingMessage, callback: str) -> tuple[int, bytes]:
        """Ask for one to be sent; status and body of the answer. Raises TransientError (certainly not sent),
        Refused, AuthFailed, UnknownOutcome."""
        own = self._settings
        values = {
            "id": message.id, "to": message.address, "to_digits": message.address.lstrip("+"),
            "text": message.text, "token": own.token.value, "sms_sender": own.sms_sender,
            "viber_sender": own.viber_sender, "viber_seconds": own.viber_seconds, "callback": callback,
        }  # fmt: skip
        answer = await self._ask(self._profile.send[message.channel], values)
        return answer.status, answer.body

    async def ask(self, spec: AskSpec, ids: Sequence[str]) -> bytes:
        """What the provider says of these. Raises TransientError."""
        try:
            answer = await self._ask(spec.request, {"token": self._settings.token.value, "ids": list(ids)})
        except (AuthFailed, UnknownOutcome, Refused) as error:
            raise TransientError(error.text, _AWAY_WAIT) from error
        if answer.status >= 500:
            raise TransientError(f"{self._profile.title} has trouble of its own.", _AWAY_WAIT)
        return answer.body

    async def _ask(self, spec: RequestSpec, values: Mapping[str, Any]) -> Reply:
        url, body, headers = self._written(spec, values)
        try:
            answer = await self._outbound.ask(
                spec.method, url, headers=headers, body=body, seconds=self._settings.timeout,
                largest=_LARGEST_ANSWER,
            )  # fmt: skip
        except AnswerLost as error:
            raise UnknownOutcome(
                f"The answer of {self._profile.title} was not seen: the message may have gone out."
            ) from error
        except PermanentError as error:
            raise AuthFailed(
                f"The address of {self._profile.title} may not be asked: {error.text}"
            ) from error
        except TransientError as error:
            raise TransientError(f"{self._profile.title} cannot be reached.", _AWAY_WAIT) from error
        self._judge(answer)
        return answer

    def _written(self, spec: RequestSpec, values: Mapping[str, Any]) -> tuple[str, bytes, dict[str, str]]:
        query, fields = fill(spec.query, values), fill(spec.fields, values)
        headers = {name: str(fill(value, values)) for name, value in spec.headers.items()}
        if any(not value.isascii() or not value.isprintable() for value in headers.values()):
            raise AuthFailed("The token holds signs that no token has.")
        body = b""
        if spec.body == "query":
            query = {**query, **fields}
        elif spec.method != "GET":
            body, headers["Content-Type"] = encoded(spec.body, fields)
        return self._base + spec.path + (f"?{form_of(query)}" if query else ""), body, headers

    def _judge(self, answer: Reply) -> None:
        """What the status alone says. Raises AuthFailed, TransientError, Refused."""
        title = self._profile.title
        if answer.status in (401, 403):
            raise AuthFailed(f"{title} refuses the token.")
        if answer.status == 429:
            wait = min(answer.retry_after or _BUSY_WAIT, _LONGEST_WAIT)
            raise TransientError(f"{title} asks to send more slowly.", wait)
        if 300 <= answer.status < 400:
            raise AuthFailed(f"{title} is at another address: the profile or HUB_HTTP_SMS__API_BASE is old.")
        if answer.status >= 400 and answer.status < 500 and document_of(answer.body) is None:
            raise Refused(f"{title} refused it (HTTP {answer.status}).", str(answer.status))
