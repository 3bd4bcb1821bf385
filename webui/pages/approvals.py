"""What programs ask for and one must not do alone: somebody else approves it here, with the own password."""

from __future__ import annotations

from aiohttp import web

from hub.kernel.web import SIGNED_IN
from hub.modules.access.api import AccessApi
from webui.approving import PAGE
from webui.pipeline import FreeRoute
from webui.proving import prove
from webui.request import Request


async def show(request: Request) -> web.StreamResponse:
    """Whatever waits for this person; anybody may look, most find nothing."""
    return await _page(request, "", "")


async def approve(request: Request) -> web.StreamResponse:
    """From now on the same request is done, once."""
    return await _decide(request, is_approved=True)


async def decline(request: Request) -> web.StreamResponse:
    """It is not to be done."""
    return await _decide(request, is_approved=False)


async def _decide(request: Request, *, is_approved: bool) -> web.StreamResponse:
    approval_id = request.path["id"]
    async with request.reading() as uow:
        access = AccessApi(uow, request.deps)
        await access.approvals.one(approval_id, request.viewer)
        login = (await access.person(request.viewer.id)).login or ""
    if is_approved:
        proof = await prove(request, login, request.form.get("password", ""), request.form.get("code", ""))
        if proof.outcome != "right":
            return await _page(request, approval_id, _FAULTS[proof.outcome])
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        if is_approved:
            await access.logins.forgive(proof.attempt.try_id)
        found = await access.approvals.decide(approval_id, request.viewer, is_approved=is_approved)
        request.audit(uow, request.action, subject=f"{found.operation} {approval_id}")
    notice = "Approved: the program may send its request again." if is_approved else "Declined."
    return request.redirect(PAGE, notice=request.t(notice))


async def _page(request: Request, asked_id: str, fault: str) -> web.Response:
    async with request.reading() as uow:
        waiting = await AccessApi(uow, request.deps).approvals.open_to(request.viewer)
    summaries = request.site.summaries
    return request.page(
        "approvals.html", status=422 if fault else 200, waiting=waiting, asked_id=asked_id, fault=fault,
        summaries=summaries,
    )  # fmt: skip


_FAULTS = {
    "wrong": "The password is wrong.",
    "code_missing": "This account has a second factor: type its code too.",
    "code_wrong": "The code is wrong, or was used already.",
}
_ONE = f"{PAGE}/{{id}}"
routes = (
    FreeRoute(method="GET", path=PAGE, handler=show, right=SIGNED_IN, name="access.approvals"),
    FreeRoute(
        method="POST", path=f"{_ONE}/approve", handler=approve, right=SIGNED_IN, name="access.approve"
    ),
    FreeRoute(
        method="POST", path=f"{_ONE}/decline", handler=decline, right=SIGNED_IN, name="access.decline"
    ),
)  # fmt: skip
