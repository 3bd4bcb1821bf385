"""The judge: the exchange's own ledger against a direct read of the database."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.faults.ledger import Row, lost_and_doubled
from tests.soak.calls import Day, is_honest, is_right

MOST_GROWTH = 1.10


def verdict(found: Mapping[str, list[Row]], day: Day, *, is_settled: bool) -> bool:
    """Print what became of the calls; whether all is well."""
    seen = [call for call in day.calls if day.watch.could_see(call)]
    whole = [call for call in seen if day.watch.saw_whole(call)]
    lost, _ = lost_and_doubled([call.made for call in seen], found)
    _, doubled = lost_and_doubled([call.made for call in day.calls], found)
    invented = set(found) - {f"+{call.made.number}" for call in day.calls}
    rows = {call.made.number: found.get(f"+{call.made.number}", []) for call in day.calls}
    wrong = [c.made.number for c in whole for row in rows[c.made.number] if not is_right(c, row)]
    dishonest = [c.made.number for c in day.calls for row in rows[c.made.number] if not is_honest(c, row)]
    print(f"calls made {len(day.calls)}, could be seen {len(seen)}, of them whole {len(whole)}")
    print(f"lost {len(lost)}, doubled {len(doubled)}, invented {len(invented)}, all over: {is_settled}")
    print(f"seen whole and told wrongly {len(wrong)}, seen in part and told dishonestly {len(dishonest)}")
    for what, numbers in (("lost", lost), ("doubled", doubled), ("wrong", wrong), ("dishonest", dishonest)):
        for number in numbers[:5]:
            print(f"  {what}: {number} {rows[number]}")
    return is_settled and not (lost or doubled or invented or wrong or dishonest)


def is_flat(memory: Sequence[float]) -> bool:
    """Print what the hubs held; whether the last third of the time is as the first."""
    third = max(1, len(memory) // 3)
    first, last = (statistics.median(part or [0.0]) for part in (memory[:third], memory[-third:]))
    most = max(memory or [0.0])
    print(f"memory: first third {first:.0f} MB, last third {last:.0f} MB, most {most:.0f} MB")
    return last <= first * MOST_GROWTH


def told(done: Counter[str], trouble: Sequence[str]) -> bool:
    """Print the faults and what else was found; whether nothing was."""
    print(f"faults: {dict(done)}")
    for one in trouble:
        print(f"  {one}")
    return not trouble
