"""Gathers the parts of /system, our own and the modules': each alone, so that a broken one hides no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.errors import HubError
from hub.kernel.context import SystemReport
from hub.kernel.web import Condition, Level, SystemPart, SystemSection
from webui.request import Request
from webui.system.catalogue import OWN_PARTS, OwnPart

PATIENCE = 3.0
WEIGHT: Mapping[Level, int] = {"good": 0, "idle": 0, "warning": 1, "problem": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A part and what it found."""

    name: str
    title: str
    icon: str
    section: SystemSection

    @property
    def level(self) -> Level:
        """The worst of its conditions; idle where nothing of it is in use."""
        levels = [condition.level for condition in self.section.conditions]
        if levels and set(levels) == {"idle"}:
            return "idle"
        worst: Level = max(levels, key=lambda level: WEIGHT[level], default="good")
        return "good" if worst == "idle" else worst

    @property
    def is_empty(self) -> bool:
        """Nothing to show: it is not in use here."""
        return not self.section.conditions and not self.section.template


@dataclass(frozen=True, slots=True)
class Worry:
    """A condition that is not well, and where it stands."""

    part: Looked
    condition: Condition


async def look_around(request: Request, report: SystemReport, *, every: bool = False) -> list[Looked]:
    """Every part that the viewer may see (`every`: all, over all shops, for /metrics), in order."""
    if every:
        everywhere = replace(request.viewer, rights={**request.viewer.rights, "system.view": "all"})
        request.visitor = replace(request.visitor, viewer=everywhere)
    parts: list[SystemPart | OwnPart] = [
        *OWN_PARTS,
        *(part for module in request.site.installation.modules for part in module.system),
    ]
    shown = [part for part in parts if every or request.viewer.can(part.right)]
    return [await _look(request, part, report) for part in sorted(shown, key=lambda part: part.order)]


def worries(looked: Sequence[Looked]) -> list[Worry]:
    """What is not well, the worst first."""
    found = [Worry(part, c) for part in looked for c in part.section.conditions if WEIGHT[c.level]]
    return sorted(found, key=lambda worry: -WEIGHT[worry.condition.level])


def figures(looked: Sequence[Looked]) -> dict[str, float]:
    """What the parts tell /metrics, and how each of them is: 0 well, 1 wants a look, 2 a problem."""
    told: dict[str, float] = {}
    for part in looked:
        told |= part.section.figures
        told[f'pitline_system_level{{part="{part.name}"}}'] = float(WEIGHT[part.level])
    return told


async def _look(request: Request, part: SystemPart | OwnPart, report: SystemReport) -> Looked:
    try:
        async with asyncio.timeout(PATIENCE):
            section = await _section(request, part, report)
    except TimeoutError:
        section = _unreadable(request, request.t("It did not answer in time."), "")
    except HubError as error:
        section = _unreadable(request, request.t(error.text, **error.data), request.t(error.hint))
    return Looked(name=part.name, title=request.t(part.title), icon=part.icon, section=section)


async def _section(request: Request, part: SystemPart | OwnPart, report: SystemReport) -> SystemSection:
    if isinstance(part, OwnPart):
        look: Callable[[Request, SystemReport], Awaitable[SystemSection]] = part.look
        return await look(request, report)
    async with request.reading() as uow:
        request.begin(uow)
        try:
            return await part.look(request)
        finally:
            request.begin(None)


def _unreadable(request: Request, text: str, hint: str) -> SystemSection:
    said = request.t("This part cannot be read now: {reason}", reason=text)
    return SystemSection(conditions=(Condition(level="problem", text=said, hint=hint),))
