"""What of a shared call-back somebody sees who works at some of its shops only. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from hub.modules.tasks.views import Shops, TaskView, TryView
from hub.values import ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one shop has of a task: its words, and since when it waits."""

    title: str
    note: str
    number: str | None
    at: datetime


def as_seen(
    task: TaskView, parts: Mapping[ShopId, Part], shops: Shops, colleagues: Collection[str]
) -> TaskView:
    """The task by what happened at `shops` (None: everywhere). Of the others remains what is needed to do
    it once: that it was tried, or that somebody has it in hand; not by whom, in which call, with what words.
    `colleagues`: the ids of the people of these shops."""
    seen = [shop for shop in parts if shops is None or shop in shops]
    mine = [parts[shop] for shop in seen]
    title = next((part.title for part in mine if part.title), "")
    note = "\n".join(part.note for part in mine if part.note)
    whole = replace(task, shop_ids=tuple(seen), title=title, note=note)
    is_whole = shops is None or all(miss.shop_id in shops for miss in task.misses)
    if len(seen) == len(parts) and is_whole:  # a shop that waits no more may have left its calls
        return whole
    misses = tuple(miss for miss in task.misses if miss.shop_id in seen)
    last = misses[-1] if misses else None
    is_elsewhere = task.claimed_by is not None and task.claimed_by not in colleagues
    return replace(
        whole, shop_id=seen[0], misses=misses, is_shared=len(seen) < len(parts),
        tries=tuple(one if one.shop_id in seen else _bare(one) for one in task.tries if _tells(one, seen)),
        wish=task.wish if task.wish is not None and task.wish.shop_id in seen else None,
        call_id=last.call_id if last else None, line=last.line if last else None,
        number=last.number if last else mine[0].number,
        number_key=last.number_key if last else None,
        created_at=min([miss.started_at for miss in misses] or [mine[0].at]),
        owner_id=task.owner_id if task.owner_id in colleagues else None,
        closed_by=None, is_held_elsewhere=is_elsewhere,
        claimed_by=None if is_elsewhere else task.claimed_by,
        claimed_name="" if is_elsewhere else task.claimed_name,
    )  # fmt: skip


def _tells(one: TryView, seen: Collection[str]) -> bool:
    """A talk that another shop is still to say of is its own business."""
    return one.shop_id in seen or one.outcome != "asked"


def _bare(one: TryView) -> TryView:
    return replace(one, shop_id=None, call_id=None, who="", note="", talk_seconds=0.0, is_elsewhere=True)
