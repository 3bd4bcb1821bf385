"""Pure rules of lines: what may be written about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST: Mapping[str, int] = {"number": 64, "name": 64, "source": 64, "trunk": 100, "callback_number": 64}
MOST_CALLS = 1000


def line_faults(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by field (English source texts); of texts without blanks around them."""
    faults = {name: "This is too long." for name, longest in LONGEST.items() if len(values[name]) > longest}
    faults |= {name: "This cannot be read." for name in LONGEST if "\x00" in values[name]}
    if not values["number"]:
        faults["number"] = "Enter the number that the world dials."
    if not values["name"]:
        faults["name"] = "Enter a name."
    capacity = values["capacity"]
    if capacity is not None and not 1 <= capacity <= MOST_CALLS:
        faults["capacity"] = "Write how many calls at once, from 1 to 1000, or nothing."
    return faults
