"""What Telegram's refusals mean to a shop, and whether the address takes nothing of us any more."""

from __future__ import annotations

from collections.abc import Mapping

from hub.ports.messaging import Refused

_BLOCKED: Mapping[str, str] = {
    "blocked by the user": "They have blocked the bot.",
    "user is deactivated": "Their Telegram account is gone.",
    "kicked": "The bot was put out of the group.",
    "not a member": "The bot is not in this group.",
    "can't initiate": "They have to write to the bot first.",
    "chat not found": "Telegram does not know this chat, or they never wrote to the bot.",
    "peer_id_invalid": "Telegram does not know this chat, or they never wrote to the bot.",
    "user_is_blocked": "They have blocked the bot.",
    "input_user_deactivated": "Their Telegram account is gone.",
    "group chat was deleted": "The group is gone.",
    "chat_write_forbidden": "The bot may not write there.",
}
_OTHERS: Mapping[str, str] = {
    "business_connection": "The shop's own account is not connected to the bot any more: connect it anew in"
    " Telegram, under Business, Chatbots.",
    "business connection": "The shop's own account is not connected to the bot any more: connect it anew in"
    " Telegram, under Business, Chatbots.",
    "business_peer": "The shop's own account may not write into this chat: they wrote more than a day ago, or"
    " the bot may not answer there.",
    "message is too long": "The message is too long.",
    "caption is too long": "The message is too long.",
    "message text is empty": "The message has no text.",
    "button_data_invalid": "A button of the message is too long.",
    "button_url_invalid": "The address of a button is none that Telegram takes.",
    "not enough rights": "The bot may not write there: make it an administrator of the group.",
    "have no rights": "The bot may not write there: make it an administrator of the group.",
    "message to edit not found": "The message is not there any more.",
    "message can't be edited": "The message cannot be changed any more.",
    "file is too big": "The file is larger than the 20 MB that Telegram gives out to bots: ask for it another"
    " way.",
    "wrong file": "The file is not there any more.",
    "file_id": "The file is not there any more.",
    "temporarily unavailable": "The file is not there any more.",
    "query is too old": "The press was answered too late.",
}
UNCHANGED = "message is not modified"
TOO_LATE = "query is too old"
PHOTO = ("photo_invalid", "image_process_failed", "photo_ext_invalid", "photo_save_file_invalid")
"""It may still go as a file."""


def refusal_of(said: str, *, is_forbidden: bool = False) -> Refused:
    """`code` of it is what Telegram said, in its own words."""
    words, code = said.lower(), _cut(said)
    for sign, text in _BLOCKED.items():
        if sign in words:
            return Refused(text, code, is_blocked=True)
    for sign, text in _OTHERS.items():
        if sign in words:
            return Refused(text, code)
    if is_forbidden:
        return Refused("Telegram forbids to write there.", code, is_blocked=True)
    return Refused(f"Telegram refuses it: {code}" if code else "Telegram refuses it.", code)


def _cut(said: str) -> str:
    told = said.removeprefix("Bad Request: ").removeprefix("Forbidden: ")
    return "".join(sign for sign in told if sign.isprintable())[:200]
