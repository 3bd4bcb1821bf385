"""What was tried several times and given up."""

from __future__ import annotations

from collections.abc import Collection

from hub.kernel.context import SystemReport
from hub.kernel.stream.dead_letters import DeadFilter
from hub.kernel.web import Badge, Condition, PageRequest, SystemSection, Viewer
from hub.values import ShopId
from webui.request import Request

SHOWN = 5
VIEW = "system.view"


async def look(request: Request, report: SystemReport) -> SystemSection:
    """How many of the viewer's shops, the newest of them with a button to try again, and where all are."""
    figures = {"pitline_deliveries_dead": float(report.dead_deliveries)}
    letters = request.site.installation.system.letters
    where = DeadFilter(shops=reach_of(request.viewer, VIEW))
    is_all = where.shops is None or not report.dead_deliveries
    count = report.dead_deliveries if is_all else await letters.count(where)
    if not count:
        fine = Condition(level="good", text=request.t("Nothing has failed."))
        return SystemSection(conditions=(fine,), figures=figures)
    dead = await letters.page(where, limit=SHOWN)
    condition = Condition(
        level="problem",
        text=request.t("Deliveries that failed and were given up: {count}", count=count),
        hint=request.t("What came after them went on. Retry when the reason is gone."),
    )
    return SystemSection(
        conditions=(condition,), template="system/dead_letters.html", values={"dead": dead}, figures=figures
    )


async def badge(request: PageRequest) -> Badge:
    """How many there are for the viewer, as they were counted last."""
    system = request.deps.system
    known = system.letters.known if system is not None else {}
    reach = reach_of(request.viewer, VIEW)
    count = sum(of_it for shop, of_it in known.items() if reach is None or shop in reach)
    return Badge(count=count, text=request.t("Failed deliveries: {count}", count=count), level="problem")


def reach_of(viewer: Viewer, right: str) -> Collection[ShopId] | None:
    """The shops that the right reaches; None = every shop, those that are not there any more too."""
    return None if viewer.rights.get(right) == "all" else viewer.shop_ids
