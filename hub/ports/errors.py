"""How a connector says what went wrong, in four words the supervisor understands. A vendor's own
exceptions never leave its connector."""

from __future__ import annotations


class ConnectorError(Exception):
    """Base; `text` is shown to a person on /system."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotReady(ConnectorError):
    """The other side cannot be reached or is not ready yet: tried again with back-off."""


class AuthFailed(ConnectorError):
    """The other side refused our name or secret: loud, tried again rarely or when settings change."""


class LinkTaken(NotReady):
    """Another process holds this link now; what we still bring of it is refused."""


class TransientError(ConnectorError):
    """This one request failed and may be tried again after `retry_after` seconds."""

    def __init__(self, text: str, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class PermanentError(ConnectorError):
    """This one request can never succeed as it stands."""


class Gone(NotReady):
    """The process of a connector's own has ended; another one will be begun."""


class AnswerFailed(ConnectorError):
    """The process of a connector's own could not answer, for a fault of the program that its log tells."""
