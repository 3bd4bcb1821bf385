"""A message as the requests that carry it, in order. Imported only when the connector runs, as api.py.

The text is never markup: no `parse_mode` is set anywhere, so that whatever stands in it is shown as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageText,
    SendDocument,
    SendLocation,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVideo,
    SendVoice,
    TelegramMethod,
)
from aiogram.types import (
    FSInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyParameters,
)

from connectors.telegram.api import file_name
from connectors.telegram.translate import BUSINESS
from hub.ports.messaging import Button, OutgoingFile, OutgoingMessage, Refused

LONGEST, LONGEST_CAPTION, LONGEST_PAYLOAD, LONGEST_PRESS = 4096, 1024, 64, 200
_LARGEST_PHOTO = 10_000_000
_ALBUM = 10
_PHOTOS = frozenset({"image/jpeg", "image/png", "image/webp"})
Method = TelegramMethod[Any]


def steps_of(message: OutgoingMessage) -> list[Method]:
    """One request where it can be. Raises Refused for what Telegram takes in no form."""
    chat = chat_of(message.address)
    common: dict[str, Any] = {"chat_id": chat, "business_connection_id": connection_of(message.account)}
    answered = answered_of(message.answers)
    if answered is not None:
        common["reply_parameters"] = ReplyParameters(message_id=answered, allow_sending_without_reply=True)
    markup = markup_of(message.buttons)
    is_album = len(message.files) > 1
    is_caption = units(message.text) <= LONGEST_CAPTION and not (is_album and markup is not None)
    steps: list[Method] = []
    if message.text and not (message.files and is_caption):
        steps.append(SendMessage(text=message.text, parse_mode=None, **common))
    if message.files:
        steps += _files(message.files, message.text if is_caption and message.text else None, common)
    if message.place is not None:
        place = message.place
        steps.append(SendLocation(latitude=place.latitude, longitude=place.longitude, **common))
    if not steps:
        raise Refused("The message has no text.")
    return _with_buttons(steps, markup) if markup is not None else steps


def _with_buttons(steps: list[Method], markup: Any) -> list[Method]:
    """Under the last one that can have some: an album has none."""
    for place in range(len(steps) - 1, -1, -1):
        if not isinstance(steps[place], SendMediaGroup):
            steps[place] = steps[place].model_copy(update={"reply_markup": markup})
            return steps
    raise Refused("Buttons need some text beside several files.")


def as_file(step: Method) -> Method | None:
    """The same photo as a file, where Telegram does not take it as a photo."""
    if not isinstance(step, SendPhoto):
        return None
    return SendDocument(
        chat_id=step.chat_id, document=step.photo, caption=step.caption, reply_markup=step.reply_markup,
        parse_mode=None, business_connection_id=step.business_connection_id,
        reply_parameters=step.reply_parameters,
    )  # fmt: skip


def said_in_group(group: str, text: str, buttons: Sequence[Button], answers: str) -> Method:
    """For the staff."""
    answered = answered_of(answers)
    reply = (
        ReplyParameters(message_id=answered, allow_sending_without_reply=True)
        if answered is not None
        else None
    )
    return SendMessage(
        chat_id=chat_of(group), text=text, parse_mode=None, reply_markup=markup_of(buttons),
        reply_parameters=reply,
    )  # fmt: skip


def changed(
    address: str, provider_id: str, text: str, buttons: Sequence[Button], account: str
) -> Method:  # fmt: skip
    """What was said, said differently."""
    message_id = answered_of(provider_id)
    if message_id is None:
        raise Refused("The message is not there any more.")
    markup = markup_of(buttons)
    return EditMessageText(
        chat_id=chat_of(address), message_id=message_id, text=text, parse_mode=None,
        business_connection_id=connection_of(account),
        reply_markup=markup if isinstance(markup, InlineKeyboardMarkup) else None,
    )  # fmt: skip


def press_answered(press: str, text: str, is_alert: bool) -> Method:
    """What whoever pressed sees."""
    return AnswerCallbackQuery(
        callback_query_id=press, text=text[:LONGEST_PRESS] or None, show_alert=is_alert or None
    )


def markup_of(buttons: Sequence[Button]) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    """Each in a row of its own; what asks for something is a keyboard that goes away once it was used.
    Raises Refused for a payload that is too long."""
    if not buttons:
        return None
    if any(one.asks for one in buttons):
        rows = [
            [KeyboardButton(
                text=one.title, request_contact=one.asks == "contact" or None,
                request_location=one.asks == "place" or None,
            )]
            for one in buttons
        ]  # fmt: skip
        return ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True, one_time_keyboard=True)
    if any(len(one.payload.encode()) > LONGEST_PAYLOAD for one in buttons):
        raise Refused("A button of the message is too long.")
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=one.title, url=one.url or None, callback_data=one.payload or None)]
            for one in buttons
        ]
    )


def chat_of(address: str) -> int:
    """Raises Refused for what is no chat of Telegram's."""
    bare = address.removeprefix("-")
    if not bare.isascii() or not bare.isdigit() or len(bare) > 18:
        raise Refused("This is no chat of Telegram.", is_blocked=True)
    return int(address)


def connection_of(account: str) -> str | None:
    """By which the shop's own account is written from."""
    return account.removeprefix(BUSINESS) if account.startswith(BUSINESS) else None


def answered_of(provider_id: str) -> int | None:
    """The message itself, of any of its provider ids."""
    bare = provider_id.partition("@")[0].partition(":")[0]
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 19 else None


def units(text: str) -> int:
    """As Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _files(files: Sequence[OutgoingFile], caption: str | None, common: dict[str, Any]) -> list[Method]:
    if len(files) == 1:
        return [_one(files[0], caption, common)]
    steps: list[Method] = []
    for begin in range(0, len(files), _ALBUM):
        album = files[begin : begin + _ALBUM]
        if len(album) == 1:
            steps.append(_one(album[0], None, common))
            continue
        kind = InputMediaPhoto if all(map(_is_photo, album)) else InputMediaDocument
        media: list[Any] = [
            kind(media=_input(one), caption=caption if not begin and not n else None, parse_mode=None)
            for n, one in enumerate(album)
        ]
        steps.append(SendMediaGroup(media=media, **common))
    return steps


def _one(file: OutgoingFile, caption: str | None, common: dict[str, Any]) -> Method:
    more = {"caption": caption, "parse_mode": None, **common}
    if _is_photo(file):
        return SendPhoto(photo=_input(file), **more)
    if file.content_type == "audio/ogg":
        return SendVoice(voice=_input(file), **more)
    if file.content_type == "video/mp4":
        return SendVideo(video=_input(file), **more)
    return SendDocument(document=_input(file), **more)


def _is_photo(file: OutgoingFile) -> bool:
    return file.content_type in _PHOTOS and file.path.stat().st_size <= _LARGEST_PHOTO


def _input(file: OutgoingFile) -> FSInputFile:
    return FSInputFile(file.path, filename=file_name(file.name or file.path.name))
