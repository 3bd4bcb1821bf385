"""The methods of the Bot API that the practice Telegram carries out, with the refusals of the real one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from connectors.practice_telegram.world import Json, World, place_of, private

LONGEST, LONGEST_CAPTION, LONGEST_PAYLOAD = 4096, 1024, 64
LARGEST_FETCHED = 20 * 1024 * 1024
_ALBUM = 10


class Refusal(Exception):
    """`ok: false`."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


class Methods:
    """Of one bot. `files`: what was uploaded, by the field's name: file name and bytes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.table: Mapping[str, Callable[[Json, Mapping[str, tuple[str, bytes]]], Any]] = {
            "getMe": lambda _form, _files: world.me(),
            "sendMessage": self._text,
            "sendPhoto": self._photo,
            "sendDocument": lambda form, files: self._one(form, files, "document"),
            "sendVoice": lambda form, files: self._one(form, files, "voice"),
            "sendVideo": lambda form, files: self._one(form, files, "video"),
            "sendMediaGroup": self._album,
            "sendLocation": self._location,
            "editMessageText": self._edit,
            "answerCallbackQuery": self._answer,
            "getFile": self._file,
            "getBusinessConnection": self._business,
        }

    def _text(self, form: Json, _files: Mapping[str, tuple[str, bytes]]) -> Json:
        text = str(form.get("text", ""))
        if not text.strip():
            raise Refusal(400, "Bad Request: message text is empty")
        if units(text) > LONGEST:
            raise Refusal(400, "Bad Request: message is too long")
        return self._say(form, text=text)

    def _photo(self, form: Json, files: Mapping[str, tuple[str, bytes]]) -> Json:
        name, data = self._upload(form.get("photo"), files)
        if not data.startswith((b"\xff\xd8", b"\x89PNG", b"RIFF")):
            raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
        kept = self._world.keep(name, data)
        size = {"file_id": kept.id, "file_unique_id": kept.id[:8], "width": 1, "height": 1}
        return self._say(form, **_caption(form), photo=[size | {"file_size": kept.size}], _name=name)

    def _one(self, form: Json, files: Mapping[str, tuple[str, bytes]], kind: str) -> Json:
        name, data = self._upload(form.get(kind), files)
        return self._say(form, **_caption(form), **{kind: self._shown(name, data)}, _name=name)

    def _album(self, form: Json, files: Mapping[str, tuple[str, bytes]]) -> list[Json]:
        media = json.loads(form.get("media", "[]"))
        if not 2 <= len(media) <= _ALBUM:
            raise Refusal(400, "Bad Request: wrong number of media")
        uploads = [self._upload(one.get("media"), files) for one in media]
        return [
            self._say(form, **_caption(one), **{one["type"]: self._shown(*upload)}, _name=upload[0])
            for one, upload in zip(media, uploads, strict=True)
        ]

    def _location(self, form: Json, _files: Mapping[str, tuple[str, bytes]]) -> Json:
        place = {"latitude": float(form["latitude"]), "longitude": float(form["longitude"])}
        return self._say(form, location=place)

    def _shown(self, name: str, data: bytes) -> Json:
        kept = self._world.keep(name, data)
        return {
            "file_id": kept.id, "file_unique_id": kept.id[:8], "file_name": name, "file_size": kept.size
        }  # fmt: skip

    def _upload(
        self, value: object, files: Mapping[str, tuple[str, bytes]]
    ) -> tuple[str, bytes]:  # fmt: skip
        named = str(value or "")
        found = files.get(named.removeprefix("attach://")) if named.startswith("attach://") else None
        if found is None:
            self._world.note("by_link", value=named)
            raise Refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
        return found

    def _say(self, form: Json, _name: str = "", **content: Any) -> Json:
        world, business = self._world, form.get("business_connection_id") or None
        chat, sender = self._chat(form, business)
        markup = json.loads(form["reply_markup"]) if form.get("reply_markup") else None
        _check(markup)
        more: Json = {} if business is None else {"business_connection_id": business}
        if business is not None:
            more["sender_business_bot"] = world.me()
        if markup is not None:
            more["reply_markup"] = markup
        if form.get("reply_parameters"):
            more["answers"] = json.loads(form["reply_parameters"])["message_id"]
        made = world.message(place_of(chat["id"], business), chat, sender, **content, **more)
        world.note(
            "sent", chat=chat["id"], id=made["message_id"], text=content.get("text", content.get("caption")),
            parse_mode=form.get("parse_mode"), business=business, file=_name,
        )  # fmt: skip
        return made

    def _chat(self, form: Json, business: str | None) -> tuple[Json, Json]:
        world, chat_id = self._world, _number(form.get("chat_id"))
        if business is not None:
            known = world.businesses.get(business)
            if known is None or not known.is_enabled or not known.can_reply:
                raise Refusal(400, "Bad Request: BUSINESS_CONNECTION_INVALID")
            person = world.people.get(chat_id)
            if person is None:
                raise Refusal(400, "Bad Request: BUSINESS_PEER_INVALID")
            return private(person), known.owner.shown()
        group = world.groups.get(chat_id)
        if group is not None and group.moved_to is not None:
            raise Refusal(
                400, "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=group.moved_to,
            )  # fmt: skip
        if group is not None and not group.has_bot:
            raise Refusal(403, "Forbidden: bot was kicked from the group chat")
        if group is not None:
            return {"id": group.id, "type": "group", "title": group.title}, world.me()
        person = world.people.get(chat_id)
        if person is None or not person.has_begun:
            raise Refusal(400, "Bad Request: chat not found")
        if person.has_blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return private(person), world.me()

    def _edit(self, form: Json, _files: Mapping[str, tuple[str, bytes]]) -> Json:
        place = place_of(_number(form.get("chat_id")), form.get("business_connection_id") or None)
        body = self._world.messages.get((place, _number(form.get("message_id"))))
        if body is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        markup = json.loads(form["reply_markup"]) if form.get("reply_markup") else None
        if body.get("text") == form.get("text") and body.get("reply_markup") == markup:
            raise Refusal(400, "Bad Request: message is not modified: specified new message content")
        body["text"] = str(form.get("text", ""))
        body.pop("reply_markup", None)
        if markup is not None:
            body["reply_markup"] = markup
        self._world.note("edited", place=place, id=body["message_id"], text=body["text"])
        return body

    def _answer(self, form: Json, _files: Mapping[str, tuple[str, bytes]]) -> bool:
        press = str(form.get("callback_query_id", ""))
        if self._world.presses.get(press) is not False:
            raise Refusal(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self._world.presses[press] = True
        self._world.answers[press] = str(form.get("text") or "")
        self._world.note("answered", press=press, text=form.get("text"), alert=form.get("show_alert"))
        return True

    def _file(self, form: Json, _files: Mapping[str, tuple[str, bytes]]) -> Json:
        kept = self._world.files.get(str(form.get("file_id", "")))
        if kept is None:
            raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if kept.size > LARGEST_FETCHED:
            raise Refusal(400, "Bad Request: file is too big")
        shown: Json = {"file_id": kept.id, "file_unique_id": kept.id[:8], "file_size": kept.size}
        return shown | {"file_path": kept.path}

    def _business(self, form: Json, _files: Mapping[str, tuple[str, bytes]]) -> Json:
        known = self._world.businesses.get(str(form.get("business_connection_id", "")))
        if known is None:
            raise Refusal(400, "Bad Request: BUSINESS_CONNECTION_INVALID")
        return {"id": known.id, "user": known.owner.shown(), "is_enabled": known.is_enabled}


def units(text: str) -> int:
    """As Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _caption(form: Mapping[str, Any]) -> Json:
    text = form.get("caption")
    if not text:
        return {}
    if units(str(text)) > LONGEST_CAPTION:
        raise Refusal(400, "Bad Request: message caption is too long")
    return {"caption": str(text)}


def _check(markup: Any) -> None:
    for row in (markup or {}).get("inline_keyboard", ()):
        for button in row:
            if len(str(button.get("callback_data") or "").encode()) > LONGEST_PAYLOAD:
                raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
            if not button.get("callback_data") and not button.get("url"):
                raise Refusal(400, "Bad Request: text buttons are unallowed in the inline keyboard")


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise Refusal(400, "Bad Request: chat not found") from None
