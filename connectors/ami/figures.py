"""What a session with the PBX counts, for /metrics."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.ami.link import AmiLink


def figures_of(link: AmiLink) -> dict[str, float]:
    """The counters of one session."""
    framer = link.framer
    return {
        "messages_read": framer.read,
        "messages_kept": framer.kept,
        "messages_dropped_by_name": framer.read - framer.kept,
        "messages_repaired": framer.repaired,
        "messages_oversize": framer.oversize,
        "messages_unreadable": framer.unreadable,
        "answers_stray": link.strays,
        "read_gap_max_seconds": link.read_gap,
    }


def add(totals: dict[str, float], more: Mapping[str, float]) -> None:
    """Count a session in."""
    for name, value in more.items():
        known = totals.get(name, 0)
        totals[name] = max(known, value) if name.endswith("max_seconds") else known + value
