"""Pure rules: which outside lines a shop has, how full they are, and when all of them are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol


class NumberOfOurs(Protocol):
    """A line as the settings name it."""

    @property
    def shop_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def trunk(self) -> str: ...
    @property
    def capacity(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An outside line: numbers of ours that come by the same endpoints."""

    shop_id: str
    trunk: str
    names: tuple[str, ...]
    capacity: int
    used: int
    is_all: bool = False

    @property
    def is_full(self) -> bool:
        return self.used >= self.capacity


def ways_of(lines: Sequence[NumberOfOurs], channels: Mapping[str, int]) -> list[Way]:
    """Numbers of a shop that come by the same endpoints are one line; its capacity is the largest that is
    said of one of them. `channels`: how many are live, by endpoint."""
    ways = []
    for shop_id, pattern in dict.fromkeys((line.shop_id, line.trunk) for line in lines if line.trunk):
        mine = [line for line in lines if (line.shop_id, line.trunk) == (shop_id, pattern)]
        capacity = max((line.capacity or 0 for line in mine), default=0)
        if not capacity:
            continue
        used = sum(count for endpoint, count in channels.items() if fnmatchcase(endpoint, pattern))
        names = tuple(line.name for line in mine)
        ways.append(Way(shop_id=shop_id, trunk=pattern, names=names, capacity=capacity, used=used))
    return ways


def full_ones(ways: Sequence[Way]) -> dict[tuple[str, str], Way]:
    """Those that carry all they can, by shop and pattern; and, for each shop of several lines, all of them
    together (pattern ""): full when each of them is."""
    found = []
    for shop_id in dict.fromkeys(way.shop_id for way in ways):
        mine = [way for way in ways if way.shop_id == shop_id]
        if len(mine) == 1:
            [only] = mine
            found.append(_all(shop_id, only.trunk, mine, only.used))
            continue
        found += mine
        if all(way.is_full for way in mine):
            found.append(_all(shop_id, "", mine, sum(way.capacity for way in mine)))
    return {(way.shop_id, way.trunk): way for way in found if way.is_full}


def _all(shop_id: str, trunk: str, ways: Sequence[Way], used: int) -> Way:
    return Way(
        shop_id=shop_id,
        trunk=trunk,
        names=tuple(name for way in ways for name in way.names),
        capacity=sum(way.capacity for way in ways),
        used=used,
        is_all=True,
    )
