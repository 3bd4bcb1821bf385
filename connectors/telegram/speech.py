"""What the bot says, at the pace that Telegram allows. Imported only when the connector runs, as api.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connectors.telegram import sending
from connectors.telegram.api import TelegramApi
from connectors.telegram.faults import PHOTO, TOO_LATE, UNCHANGED
from connectors.telegram.pacing import Pacing
from connectors.telegram.translate import BUSINESS
from hub.ports.errors import ConnectorError, TransientError
from hub.ports.messaging import Button, OutgoingMessage, Refused, Sent, UnknownOutcome

_PATIENCE = 45.0
"""Seconds that the rest of a message may wait for, whose first part has gone out."""
PARTLY = "Only a part of the message went out."
PERHAPS_PARTLY = "A part of the message went out; nobody saw whether the rest did."


class Speech:
    """By one session with the API."""

    def __init__(self, api: TelegramApi, pacing: Pacing) -> None:
        self._api = api
        self._pacing = pacing

    async def send(self, message: OutgoingMessage, account: str) -> Sent:
        """As ports.messaging. What takes several requests goes on where it was, or is in doubt."""
        self._pacing.check()
        try:
            steps = await asyncio.to_thread(sending.steps_of, replace(message, account=account))
        except OSError as error:
            raise Refused("A file of the message is not there any more.") from error
        first = await self._step(steps[0])
        for step in steps[1:]:
            await self._rest(step)
        return Sent(provider_id=_own_id(first, account), parts=len(steps) if len(steps) > 1 else 0)

    async def post(
        self, group: str, text: str, buttons: Sequence[Button], answers: str
    ) -> Sent:  # fmt: skip
        """As ports.messaging."""
        step = sending.said_in_group(group, text, buttons, answers)
        return Sent(provider_id=_own_id(await self._step(step), ""))

    async def change(
        self, address: str, provider_id: str, text: str, buttons: Sequence[Button], account: str
    ) -> None:
        """As ports.messaging."""
        step = sending.changed(address, provider_id, text, buttons, account)
        try:
            await self._step(step)
        except Refused as fault:
            if UNCHANGED not in fault.code.lower():
                raise

    async def answer_press(self, press: str, text: str, is_alert: bool) -> bool:
        """False when it was too late."""
        try:
            await self._api.do(sending.press_answered(press, text, is_alert))
        except TransientError as fault:
            self._note(fault)
            raise
        except Refused as fault:
            if TOO_LATE in fault.code.lower() or "query_id_invalid" in fault.code.lower():
                return False
            raise
        return True

    async def _step(self, step: sending.Method) -> Any:
        await self._pacing.turn(str(getattr(step, "chat_id", "")))
        try:
            return await self._api.send(step)
        except TransientError as fault:
            self._note(fault)
            raise
        except Refused as fault:
            other = sending.as_file(step)
            if other is None or not any(sign in fault.code.lower() for sign in PHOTO):
                raise
            return await self._api.send(other)

    async def _rest(self, step: sending.Method) -> None:
        """The beginning has gone out, so that the whole may not be sent again."""
        left = _PATIENCE
        while True:
            try:
                await self._step(step)
                return
            except TransientError as fault:
                wait = max(1.0, fault.retry_after)
                left -= wait
                if left < 0:
                    raise UnknownOutcome(PARTLY) from fault
                await asyncio.sleep(wait)
            except Refused as fault:
                raise Refused(f"{PARTLY} {fault.text}", fault.code) from fault
            except UnknownOutcome as fault:
                raise UnknownOutcome(PERHAPS_PARTLY) from fault
            except ConnectorError as fault:
                raise UnknownOutcome(PARTLY) from fault

    def _note(self, fault: TransientError) -> None:
        if fault.retry_after > 0 and fault.text == "Telegram asks to send more slowly.":
            self._pacing.silence(fault.retry_after)


def _own_id(result: Any, account: str) -> str:
    """The id under which the message stands in the chat."""
    first = result[0] if isinstance(result, list) and result else result
    found = first.get("message_id") if isinstance(first, dict) else None
    if type(found) is not int:
        raise UnknownOutcome("Telegram has answered in a way of its own: the message may have gone out.")
    return f"{found}@{account.removeprefix(BUSINESS)}" if account.startswith(BUSINESS) else str(found)
