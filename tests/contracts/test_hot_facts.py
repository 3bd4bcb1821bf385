"""What every call or message says several times is handled on the hot path (house.md 14): an ordinary
handler of it costs a session and a commit each time, and whoever rings waits behind them."""

from __future__ import annotations

import pytest

from hub.events.base import Event
from hub.events.calls import (
    CallAnswered,
    CallChanged,
    CallEnded,
    CallHeld,
    CallQueued,
    CallResumed,
    CallRinging,
    CallStarted,
    CallTransferred,
)
from hub.events.lines import TrunksUsed
from hub.events.messages import MessageReceived, MessageStatusChanged
from hub.events.phones import PhonesChanged
from hub.events.recordings import RecordingNamed
from hub.main import MODULES

BUSY = (
    CallStarted, CallQueued, CallRinging, CallAnswered, CallHeld, CallResumed, CallTransferred, CallChanged,
    CallEnded, PhonesChanged, RecordingNamed, TrunksUsed, MessageReceived, MessageStatusChanged,
)  # fmt: skip


@pytest.mark.parametrize("event", BUSY, ids=lambda event: str(event.name))
def test_what_every_call_or_message_says_is_handled_in_batches(event: type[Event]) -> None:
    handlers = [one for module in MODULES for one in module.handlers if event in one.events]
    assert [one.name for one in handlers if one.handle_batch is None] == []
