"""Whether the secrets in the database can be opened, and by whom."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.sealing.upkeep import SealState
from hub.kernel.web import Condition, SystemSection
from webui.request import Request


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """Which keys are here, and what they have sealed."""
    state = await request.site.installation.sealing.state()
    return SystemSection(
        conditions=tuple(_conditions(request, state)),
        figures={
            "pitline_secrets_locked": float(state.locked), "pitline_secrets_older": float(state.older)
        },
    )  # fmt: skip


def _conditions(request: Request, state: SealState) -> list[Condition]:
    t, found = request.t, list[Condition]()
    if state.locked:
        hint = t(
            "Put their key into {where}. If it is lost for good, say pitline seal reset --lost.",
            where=state.where,
        )
        text = t("Secrets that cannot be opened, because their key is not here: {count}", count=state.locked)
        found.append(Condition(level="problem", text=text, hint=hint))
    if state.is_open_to_others:
        text = t("Other users of the computer can read the key file {where}.", where=state.where)
        hint = t("Take that right away: chmod 600 {where}", where=state.where)
        found.append(Condition(level="warning", text=text, hint=hint))
    if state.older > state.locked:
        text = t("Secrets that a former key has sealed: {count}", count=state.older - state.locked)
        hint = t("Say pitline seal rotate, so that the newest key seals them.")
        found.append(Condition(level="idle", text=text, hint=hint))
    if not found:
        text = t("Second factors and secrets of webhooks lie sealed in the database.")
        hint = t("Keep a copy of {where} apart from the backups: nothing else opens them.", where=state.where)
        found.append(Condition(level="good", text=text, hint=hint))
    return found
