"""Checks the manifests at start: a mistake stops it with one sentence and the file to look at."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from weakref import WeakKeyDictionary

from hub.errors import Invalid
from hub.kernel.bot import LONGEST_TITLE, BotMenu
from hub.kernel.jobs.definition import Cron, Every, Job
from hub.kernel.manifest import ROLES, Module, Subscription
from hub.kernel.plans import BASIS, load_plans
from hub.kernel.storage.orm import Base
from hub.kernel.web import PUBLIC, SIGNED_IN

_KERNEL_TABLES = ("event_", "job_", "idempotency_", "alembic_", "backup_", "sealing_")


def check(modules: Sequence[Module]) -> None:
    """Raises Invalid (code `manifest.wrong`) for the first mistake."""
    _unique("module", ((module.name, module) for module in modules))
    _requires(modules)
    _unique("handler", ((s.name, m) for m in modules for s in m.handlers))
    _unique("route name", ((r.name, m) for m in modules for r in m.routes))
    _unique("operation name", ((o.name, m) for m in modules for o in m.operations))
    _unique("page", ((f"{r.method} {r.path}", m) for m in modules for r in m.routes))
    _unique("API path", ((f"{o.method} {o.path}", m) for m in modules for o in m.operations))
    _unique("permission", ((p.name, m) for m in modules for p in m.permissions))
    _unique("live topic", ((t.topic, m) for m in modules for t in m.topics))
    _unique("job", ((j.name, m) for m in modules for j in m.jobs))
    _unique("worker", ((w.name, m) for m in modules for w in m.workers))
    _unique("card part", ((c.name, m) for m in modules for c in (*m.card, *m.board)))
    _unique("strip of the desk", ((s.name, m) for m in modules for s in m.strips))
    _unique("host of clients", ((h.name, m) for m in modules for h in m.hosts))
    _unique("absence", ((a.name, m) for m in modules for a in m.absences))
    _unique("system part", ((s.name, m) for m in modules for s in m.system))
    _unique("filter of a list", ((f"{f.of} {f.name}", m) for m in modules for f in m.filters))
    _unique("export", ((e.kind, m) for m in modules for e in m.exports))
    _unique("trigger", ((t.name, m) for m in modules for t in m.triggers))
    _unique("entry of the bot", ((b.name, m) for m in modules for b in m.bot))
    _unique("kind of link", ((one.kind, m) for m in modules for one in m.links))
    _unique("settings page", ((s.path, m) for m in modules for s in (*m.settings, *m.account)))
    for module in modules:
        for subscription in module.handlers:
            _handler(module, subscription)
        for job in module.jobs:
            _job(module, job)
        for menu in module.bot:
            _bot(module, menu)
    _unique("file area", ((a.name, m) for m in modules for a in m.files))
    _rights(modules)
    _strips(modules)
    _tables(modules)
    _sealed(modules)


def check_features(modules: Sequence[Module], plan: str) -> None:
    """Raises Invalid for a package that there is not, and for a function that no package knows."""
    plans = load_plans()
    plans.check_plan(plan)
    for module in modules:
        named = [
            (module.name, module.feature),
            *((route.name, route.feature) for route in module.routes),
            *((operation.name, operation.feature) for operation in module.operations),
            *((part.name, part.feature) for part in (*module.card, *module.board)),
            *((strip.name, strip.feature) for strip in module.strips),
            *((host.name, host.feature) for host in module.hosts),
            *((one.name, one.feature) for one in module.absences),
            *((one.name, one.feature) for one in module.filters),
            *((one.kind, one.feature) for one in module.exports),
            *((one.name, one.feature) for one in module.bot),
            *((one.kind, one.feature) for one in module.links),
        ]
        for name, feature in named:
            if feature not in ("", BASIS) and feature not in plans.features:
                raise _wrong(module, f"{name} names the function {feature!r}, which no package has.")


def _unique(what: str, named: Iterable[tuple[str, Module]]) -> None:
    owners: dict[str, Module] = {}
    for name, module in named:
        if name in owners:
            both = " and ".join(dict.fromkeys((owners[name].name, module.name)))
            raise _wrong(module, f"The {what} {name!r} is declared twice, by {both}.")
        owners[name] = module


def _requires(modules: Sequence[Module]) -> None:
    by_name = {module.name: module for module in modules}
    for module in modules:
        for name in module.requires:
            if name not in by_name:
                raise _wrong(
                    module,
                    f"The module {module.name!r} needs {name!r}, which is not installed or switched off.",
                )
        for one in module.filters:
            if one.of not in module.requires:
                raise _wrong(module, f"The filter {one.name!r} is for {one.of!r}, which it does not require.")
    state: dict[str, bool] = {}

    def visit(module: Module, path: tuple[str, ...]) -> None:
        if module.name in path:
            ring = " -> ".join((*path[path.index(module.name) :], module.name))
            raise _wrong(module, f"The modules need each other in a ring: {ring}.")
        if state.get(module.name):
            return
        for name in module.requires:
            visit(by_name[name], (*path, module.name))
        state[module.name] = True

    for module in modules:
        visit(module, ())


def _handler(module: Module, subscription: Subscription) -> None:
    if (subscription.handle is None) == (subscription.handle_batch is None):
        raise _wrong(module, f"The handler {subscription.name!r} must be either ordinary or for batches.")
    if not subscription.name.startswith(module.name + "."):
        raise _wrong(module, f"The handler {subscription.name!r} must be called {module.name}.<function>.")
    if subscription.sends and subscription.handle is None:
        raise _wrong(module, f"The handler {subscription.name!r} takes batches, so it must not send.")
    if not subscription.events:
        raise _wrong(module, f"The handler {subscription.name!r} subscribes to no event.")
    if subscription.handle is None:
        return
    if not inspect.iscoroutinefunction(subscription.handle):
        raise _wrong(module, f"The handler {subscription.name!r} must be an async function.")
    declared = _taken_by(subscription.handle)
    for event in subscription.events:
        if not (isinstance(declared, type) and issubclass(event, declared)):
            shown = getattr(declared, "__name__", str(declared))
            raise _wrong(
                module,
                f"The handler {subscription.name!r} takes {shown}, but subscribes to {event.__name__}.",
            )


_TAKEN: WeakKeyDictionary[Callable[..., object], object] = WeakKeyDictionary()
"""Read once in a process, for reading it is slow; a handler that is gone is not held."""


def _taken_by(handle: Callable[..., object]) -> object:
    """What a handler says of its first parameter."""
    if handle not in _TAKEN:
        parameters = list(inspect.signature(handle).parameters)
        _TAKEN[handle] = typing.get_type_hints(handle).get(parameters[0]) if parameters else None
    return _TAKEN[handle]


def _job(module: Module, job: Job) -> None:
    if not job.name.startswith(module.name + "."):
        raise _wrong(module, f"The job {job.name!r} must be called {module.name}.<function>.")
    if not inspect.iscoroutinefunction(job.run):
        raise _wrong(module, f"The job {job.name!r} must be an async function.")
    if isinstance(job.schedule, Every) and job.schedule.seconds <= 0:
        raise _wrong(module, f"The job {job.name!r} must wait longer than nothing between two runs.")
    if isinstance(job.schedule, Cron):
        try:
            job.schedule.after(0.0, "UTC")
        except ValueError as error:
            raise _wrong(module, f"The job {job.name!r} never runs: {error}.") from error


def _bot(module: Module, menu: BotMenu) -> None:
    if not menu.name.startswith(module.name + ".") or len(menu.name) > 80:
        raise _wrong(module, f"The entry {menu.name!r} of the bot must be called {module.name}.<word>.")
    if not menu.title or len(menu.title) > LONGEST_TITLE:
        raise _wrong(module, f"The entry {menu.name!r} of the bot needs a short title.")
    if not inspect.iscoroutinefunction(menu.answer):
        raise _wrong(module, f"The entry {menu.name!r} of the bot must be answered by an async function.")


def _rights(modules: Sequence[Module]) -> None:
    declared = {permission.name for module in modules for permission in module.permissions}
    for module in modules:
        for permission in module.permissions:
            strangers = set(permission.grants) - set(ROLES)
            if strangers:
                raise _wrong(
                    module, f"The right {permission.name!r} is granted to {min(strangers)!r}, no role."
                )
        for where, right in _used(module):
            if right not in declared and right not in (PUBLIC, SIGNED_IN):
                raise _wrong(module, f"{where} asks for the right {right!r}, which no module declares.")


def _strips(modules: Sequence[Module]) -> None:
    """The desk fetches them like any page, and again when a topic tells of a change."""
    topics = {topic.topic for module in modules for topic in module.topics}
    for module in modules:
        pages = {route.path: route.right for route in module.routes if route.method == "GET"}
        for strip in module.strips:
            if pages.get(strip.path) != strip.right:
                raise _wrong(module, f"The strip {strip.name} needs a page {strip.path} with its own right.")
            if strangers := set(strip.topics) - topics:
                raise _wrong(module, f"The strip {strip.name} follows {min(strangers)!r}, no live topic.")


def _used(module: Module) -> Iterator[tuple[str, str]]:
    for route in module.routes:
        yield f"The page {route.method} {route.path}", route.right
    for operation in module.operations:
        yield f"The operation {operation.method} /api/v1{operation.path}", operation.right
    for item in module.menu:
        yield f"The menu entry {item.path}", item.right
    for topic in module.topics:
        yield f"The live topic {topic.topic}", topic.right
    for part in (*module.card, *module.board):
        yield f"The card part {part.name}", part.right
    for strip in module.strips:
        yield f"The strip of the desk {strip.name}", strip.right
    for section in module.system:
        yield f"The system part {section.name}", section.right
    for entry in (*module.settings, *module.account):
        yield f"The settings page {entry.path}", entry.right
    for job in module.jobs:
        yield f"The job {job.name}", job.right
    for script in module.scripts:
        yield f"The script {script.asset}", script.right


def _tables(modules: Sequence[Module]) -> None:
    """Every table belongs to the module in whose models it is written, and says so by its prefix."""
    packages = {f"modules.{module.folder.name}": module for module in modules}
    packages |= {module.folder.name: module for module in modules if module.folder.parent.name != "modules"}
    for mapper in Base.registry.mappers:
        where = mapper.class_.__module__.rpartition(".models")[0] or mapper.class_.__module__
        named = (m for package, m in packages.items() if where == package or where.endswith(f".{package}"))
        module = next(named, None)
        table = getattr(mapper.local_table, "name", "")
        if module is None or not isinstance(table, str):
            continue
        if not table.startswith(module.name + "_") or table.startswith(_KERNEL_TABLES):
            raise _wrong(
                module, f"The table {table!r} of {mapper.class_.__name__} must start with {module.name}_."
            )


def _sealed(modules: Sequence[Module]) -> None:
    for module in modules:
        for one in module.sealed:
            table = Base.metadata.tables.get(one.table)
            if table is None or one.column not in table.c or not one.table.startswith(module.name + "_"):
                raise _wrong(module, f"The sealed column {one.table}.{one.column} is none of its own.")


def _wrong(module: Module, text: str) -> Invalid:
    return Invalid("manifest.wrong", text, f"Look at {module.folder / 'module.py'}.")
