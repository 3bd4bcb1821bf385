"""Whether somebody is who they say: password and code, each try counted before it is looked at, and
looked at outside of any transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.modules.access.api import (
    AccessApi,
    LoginAttempt,
    Refusal,
    hash_password,
    is_outdated,
    password_fits,
)
from webui.request import Request

LONGEST_FIELD = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How it went. `code_missing`: the password was right, but the account has a second factor.
    `new_hash`: the password's hash with today's parameters, where the stored one is outdated."""

    outcome: Literal["right", "wrong", "code_missing", "code_wrong"]
    attempt: LoginAttempt
    new_hash: str | None = None


async def prove(request: Request, login: str, password: str, code: str) -> Proof:
    """Look at what was typed. Raises TooMany when a brake holds (noted in the audit log once)."""
    attempt = await _begin(request, login[:LONGEST_FIELD])
    fits = len(password) <= LONGEST_FIELD and await password_fits(attempt.password_hash, password)
    if not fits or attempt.person_id is None or attempt.is_expired:
        return Proof(outcome="wrong", attempt=attempt)
    new_hash = await hash_password(password) if is_outdated(attempt.password_hash) else None
    if not attempt.has_factor:
        return Proof(outcome="right", attempt=attempt, new_hash=new_hash)
    if not code.strip():
        return Proof(outcome="code_missing", attempt=attempt)
    return await prove_code(request, attempt, code, new_hash)


async def prove_code(
    request: Request, attempt: LoginAttempt, code: str, new_hash: str | None = None
) -> Proof:
    """Look at a code of the second factor; the password was right before."""
    person_id = attempt.person_id or ""
    async with request.writing(is_noted=False) as uow:
        access = AccessApi(uow, request.deps)
        if attempt.try_id:
            await access.logins.forgive(attempt.try_id)
        device = await access.logins.device_of(device_cookie(request), person_id)
        begun = await access.factors.begin(person_id, code, request.address, device)
        _note(request, access, begun, person_id)
    if isinstance(begun, Refusal):
        raise begun.error()
    is_recovery = begun.recovery_hash is not None and await password_fits(begun.recovery_hash, begun.code)
    async with request.writing(is_noted=False) as uow:
        access = AccessApi(uow, request.deps)
        is_right = await access.factors.settle(begun, recovery_fits=is_recovery)
        if is_right and is_recovery:
            request.audit(uow, "access.recovery_code", subject=person_id, actor=f"person:{person_id}")
    return Proof(outcome="right" if is_right else "code_wrong", attempt=attempt, new_hash=new_hash)


def device_cookie(request: Request) -> str | None:
    """The browser's device cookie, if it can be one."""
    cookie = request.http.cookies.get(request.site.cookies.device, "")
    return cookie if 0 < len(cookie) <= 100 else None


async def _begin(request: Request, login: str) -> LoginAttempt:
    async with request.writing(is_noted=False) as uow:
        access = AccessApi(uow, request.deps)
        attempt = await access.logins.begin(login, request.address, device_cookie(request))
        _note(request, access, attempt, login[:100])
    if isinstance(attempt, Refusal):
        raise attempt.error()
    return attempt


def _note(request: Request, access: AccessApi, counted: object, subject: str) -> None:
    """One audit row when a brake begins to hold."""
    if isinstance(counted, Refusal) and counted.is_first:
        access.audit.add(
            "access.locked_out", "refused", subject=subject, address=request.address, request_id=request.id,
            details={"brake": counted.key.partition(":")[0]},
        )  # fmt: skip
