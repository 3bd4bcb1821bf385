"""Who works in the demo shop, and which lines it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SHOP_NAME = "СТО «Дев'ятий бокс»"
SHOP_ADDRESS = "Київ, вул. Сирецька, 28"
SHOP_POINT = (50.4787, 30.4306)
"""Latitude and longitude."""
HOURS: Mapping[int, tuple[int, int]] = {**dict.fromkeys(range(5), (9 * 60, 18 * 60)), 5: (9 * 60, 15 * 60)}
"""Weekday (0 = Monday) to minutes of the local day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An employee who may sign in."""

    login: str
    name: str
    role: str
    extensions: tuple[str, ...] = ()
    mobile: str | None = None


@dataclass(frozen=True, slots=True)
class DemoLine:
    """A number that the world dials, and the advertisement it stands in."""

    number: str
    name: str
    source: str
    trunk: str
    capacity: int


WORKERS: tuple[Worker, ...] = (
    Worker(login="oleh", name="Олег Савчук", role="owner", extensions=("100",), mobile="+380671112233"),
    Worker(login="anna", name="Анна Коваль", role="receptionist", extensions=("101",)),
    Worker(login="bohdan", name="Богдан Мельник", role="receptionist", extensions=("102",)),
    Worker(login="iryna", name="Ірина Бойко", role="manager", extensions=("103",)),
    Worker(login="taras", name="Тарас Гнатюк", role="master", extensions=("105",)),
)

LINES: tuple[DemoLine, ...] = (
    DemoLine("+380443001122", "Головний номер", "Сайт", "trunk-kyivstar", 3),
    DemoLine("+380443001133", "Реклама в Google", "Google Ads", "trunk-kyivstar", 3),
    DemoLine("+380955550144", "Прямий номер майстра", "Візитка", "trunk-vodafone", 1),
)
