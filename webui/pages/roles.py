"""Roles: what the fixed ones may, own ones by ticking rights, and which must use a second factor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from multidict import MultiMapping

from hub.errors import Conflict, Invalid, NotAllowed, NotFound
from hub.kernel.manifest import ROLES, Permission
from hub.kernel.web import Method
from hub.modules.access.api import FACTOR_ROLES, AccessApi, RoleView, covers
from webui.pipeline import FreeRoute
from webui.request import Request

PAGE = "/settings/roles"
Handler = Callable[[Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class _Right:
    """A right on the form: how far it can reach, and how far this viewer may let it reach."""

    permission: Permission
    reaches: tuple[str, ...]
    may: tuple[str, ...]


async def show(request: Request) -> web.StreamResponse:
    """Every role, and one table of all rights."""
    modules = [module for module in request.site.installation.modules if module.permissions]
    async with request.reading() as uow:
        access = AccessApi(uow, request.deps)
        roles, counts = await access.roles.all(), await access.roles.counts()
        factor_roles = await access.roles.factor_roles()
    return request.page(
        "access/roles.html", modules=modules, roles=roles, counts=counts, factor_roles=factor_roles,
        fixed=ROLES,
    )  # fmt: skip


async def new(request: Request) -> web.StreamResponse:
    """A form that begins as a copy of a fixed role."""
    base = request.query.get("base", "receptionist")
    if base not in ROLES:
        raise NotFound("access.role_unknown", "There is no such role.")
    return await _form(request, None, base, "", dict(request.deps.grants[base]), {})


async def add(request: Request) -> web.StreamResponse:
    """Take the form in."""
    form = request.form
    name, base, rights = form.get("name", ""), form.get("base", ""), _ticked(form)
    try:
        async with request.writing() as uow:
            made = await AccessApi(uow, request.deps).roles.create(name, base, rights, request.viewer)
            request.audit(uow, "access.make_role", subject=f"{made.id} {made.name}")
    except (Invalid, NotAllowed) as error:
        if base not in ROLES:
            raise
        return await _form(request, None, base, name, rights, _faults(error))
    return request.redirect(PAGE, notice=request.t("Saved."))


async def edit(request: Request) -> web.StreamResponse:
    """The form of an own role."""
    role = await _own(request)
    return await _form(request, role, role.base, role.name, role.rights, {})


async def change(request: Request) -> web.StreamResponse:
    """New rights count at once, for people and tokens, on open pages too."""
    form, role = request.form, await _own(request)
    name, rights, rev = form.get("name", ""), _ticked(form), form.get("rev", "")
    known = int(rev) if rev.isdecimal() and len(rev) < 10 else None
    try:
        async with request.writing() as uow:
            await AccessApi(uow, request.deps).roles.change(role.id, known, name, rights, request.viewer)
            request.audit(uow, "access.change_role", subject=f"{role.id} {role.name}")
    except (Invalid, NotAllowed, Conflict) as error:
        return await _form(request, role, role.base, name, rights, _faults(error))
    return request.redirect(PAGE, notice=request.t("Saved. It counts at once for everybody with this role."))


async def remove(request: Request) -> web.StreamResponse:
    """Nobody can be given it any more; refused while somebody has it."""
    role = await _own(request)
    async with request.writing() as uow:
        await AccessApi(uow, request.deps).roles.remove(role.id, request.viewer)
        request.audit(uow, "access.remove_role", subject=f"{role.id} {role.name}")
    return request.redirect(PAGE, notice=request.t("The role is removed."))


async def require_factor(request: Request) -> web.StreamResponse:
    """Who has one of these roles sets up a second factor before anything else."""
    async with request.writing() as uow:
        access = AccessApi(uow, request.deps)
        known = {role.id for role in await access.roles.all()}
        wanted = sorted(known.intersection(request.form.getall("role", [])))
        await access.shops.set_option(FACTOR_ROLES, wanted)
        uow.hint("access", "roles", 0)
        request.audit(uow, "access.require_factor", subject=", ".join(wanted))
    return request.redirect(PAGE, notice=request.t("Saved."))


async def _own(request: Request) -> RoleView:
    async with request.reading() as uow:
        role = await AccessApi(uow, request.deps).roles.one(request.path["id"])
    if not role.is_own:
        raise NotFound("access.role_unknown", "There is no such role.")
    return role


async def _form(
    request: Request, role: RoleView | None, base: str, name: str, rights: dict[str, str],
    faults: dict[str, str],
) -> web.Response:  # fmt: skip
    viewer = request.viewer
    async with request.reading() as uow:
        roles, groups = AccessApi(uow, request.deps).roles, []
        for module in request.site.installation.modules:
            shown = [
                _Right(one, reaches, tuple(r for r in reaches if covers(viewer.rights, {one.name: r})))
                for one in module.permissions
                if (reaches := roles.reaches(one.name))
            ]
            if shown:
                groups.append((module.title, shown))
        counts = await roles.counts()
    return request.page(
        "access/role.html", status=422 if faults else 200, role=role, base=base, name=name, rights=rights,
        groups=groups, faults=faults, people=counts.get(role.id, 0) if role is not None else 0,
    )  # fmt: skip


def _ticked(form: MultiMapping[str]) -> dict[str, str]:
    return {right: form.get(f"reach.{right}", "") for right in form.getall("right", [])}


def _faults(error: Invalid | NotAllowed | Conflict) -> dict[str, str]:
    return (dict(error.fields) if isinstance(error, Invalid) else {}) or {"form": error.text}


def _for_own(method: Method, path: str, handler: Handler, name: str) -> FreeRoute:
    """A page of own roles; the fixed ones are in every package."""
    return FreeRoute(
        method=method, path=path, handler=handler, right="roles.manage", name=f"access.{name}", feature="4.1"
    )


_ONE = f"{PAGE}/{{id}}"
routes = (
    FreeRoute(method="GET", path=PAGE, handler=show, right="people.view", name="access.roles"),
    _for_own("GET", f"{PAGE}/new", new, "new_role"),
    _for_own("POST", f"{PAGE}/new", add, "make_role"),
    FreeRoute(
        method="POST", path=f"{PAGE}/second-factor", handler=require_factor, right="people.secure",
        name="access.require_factor",
    ),
    _for_own("GET", _ONE, edit, "role"),
    _for_own("POST", _ONE, change, "change_role"),
    _for_own("POST", f"{_ONE}/remove", remove, "remove_role"),
)  # fmt: skip
