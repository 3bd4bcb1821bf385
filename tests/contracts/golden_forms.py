"""Writes the stored form of every event that has none yet: python -m tests.contracts.golden_forms"""

from __future__ import annotations

import json
from pathlib import Path

from hub.events.base import Event
from hub.events.catalogue import EVENTS
from hub.kernel.stream.codec import Codec
from hub.kernel.stream.samples import sample_of

FOLDER = Path(__file__).parent / "golden"
CODEC = Codec(EVENTS)


def path_of(event: type[Event]) -> Path:
    return FOLDER / f"{event.name}.v{event.version}.json"


def form_of(event: type[Event]) -> str:
    return json.dumps(json.loads(CODEC.encode(sample_of(event))), ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    for event in EVENTS:
        path = path_of(event)
        if not path.exists():
            path.write_text(form_of(event), encoding="utf-8")
            print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
