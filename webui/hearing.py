"""Who hears what on /live, looked up once for each socket; and a hint as text, written once for all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from hub.kernel.manifest import Module
from hub.kernel.stream.dead_letters import TOPIC as DEAD
from hub.kernel.web import SIGNED_IN, Viewer
from hub.ports.live import Hint
from hub.values import ShopId

OWN_TOPICS: Mapping[str, str] = {"pbx": SIGNED_IN, "job": SIGNED_IN, DEAD: "system.view"}
KEPT_FRAMES = 2000
_TEXT = 0x81


def topics_of(modules: Sequence[Module]) -> dict[str, str]:
    """Every topic a watcher may get, and the right it needs."""
    return {**{topic.topic: topic.right for module in modules for topic in module.topics}, **OWN_TOPICS}


class Hearing:
    """What one viewer may hear: topics by their rights (topic to right), each in the shops that the
    right reaches, or at an own phone. A viewer's rights stay as they are while the socket is open."""

    def __init__(self, viewer: Viewer, rights: Mapping[str, str]) -> None:
        self.phones = (*viewer.extensions, viewer.mobile) if viewer.mobile else viewer.extensions
        self._shops: dict[str, frozenset[ShopId]] = {
            topic: viewer.reaching(right).shop_ids for topic, right in rights.items() if viewer.can(right)
        }

    def hears(self, hint: Hint) -> bool:
        """Whether this viewer may know."""
        shops = self._shops.get(hint.topic)
        if shops is None:
            return False
        return hint.shop_id is None or hint.shop_id in shops or not hint.phones.isdisjoint(self.phones)


class Frames:
    """A hint as a whole WebSocket frame (RFC 6455, text, unmasked as a server's are). Hundreds of sockets
    send the same one within a moment."""

    def __init__(self) -> None:
        self._frames: dict[tuple[str, str, int], bytes] = {}

    def of(self, hint: Hint) -> bytes:
        """`{"topic", "id", "rev"}` in JSON, framed."""
        key = (hint.topic, hint.id, hint.rev)
        frame = self._frames.get(key)
        if frame is None:
            if len(self._frames) >= KEPT_FRAMES:
                self._frames.clear()
            said = {"topic": hint.topic, "id": hint.id, "rev": hint.rev}
            frame = self._frames[key] = _framed(json.dumps(said, separators=(",", ":")).encode())
        return frame


def _framed(text: bytes) -> bytes:
    size = len(text)
    if size < 126:
        return bytes((_TEXT, size)) + text
    if size < 2**16:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big") + text
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big") + text
