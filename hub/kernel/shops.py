"""The first shop: every installation has it from the first migration on; more are rows beside it. And where
each of them stands: its country reads national numbers, its zone says what day it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hub.settings import ShopSettings
from hub.values import ShopId

FIRST_SHOP = ShopId("main")
"""Its id. The access module's first migration writes its row; facts of connectors belong to it until
the line that was dialled says otherwise."""


@dataclass(frozen=True, slots=True)
class Place:
    """Country (ISO 3166) and zone of a shop."""

    country: str
    zone: ZoneInfo


class Places:
    """Every shop's place, known without asking the database; of an unknown shop the installation's own.
    The access module keeps it up to date, at the start and after every change in any process."""

    def __init__(self, settings: ShopSettings) -> None:
        self._own = Place(settings.country, ZoneInfo(settings.timezone))
        self._known: Mapping[ShopId, Place] = {}

    def of(self, shop_id: ShopId | None) -> Place:
        """Where the shop stands; None: the installation."""
        return self._own if shop_id is None else self._known.get(shop_id, self._own)

    def learn(self, known: Mapping[ShopId, Place]) -> None:
        """What is so from now on; shops that are not named stay as they are."""
        self._known = {**self._known, **known}
