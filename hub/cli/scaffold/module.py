"""`pitline new-module NAME`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from hub.cli.scaffold.checkout import Checkout
from hub.cli.scaffold.names import check_module_name, check_title, in_capitals
from hub.kernel.storage.migrating import revisions
from hub.main import MODULES

CATALOGUE = "hub/modules/catalogue.py"
_ADDRESSES = ("api", "assets", "book", "c", "cid", "hooks", "live", "metrics")
_TABLES = ("alembic", "backup", "event", "idempotency", "job", "link")
_WORDS = ("catalogue", "module", "modules")


def new_module(root: Path, arguments: argparse.Namespace) -> list[str]:
    """Write the module; what a person is told. Raises HubError."""
    checkout = Checkout(root)
    name: str = arguments.name
    check_module_name(name, taken(root))
    title = check_title(arguments.title or name.capitalize())
    chain = revisions()
    values = {
        "name": name, "Name": in_capitals(name), "title": title,
        "title_ru": check_title(arguments.ru or title), "title_uk": check_title(arguments.uk or title),
        "before": chain[-1], "revision": f"{_next_number(chain):04}_{name}",
    }  # fmt: skip
    checkout.fill("module/code", Path(f"hub/modules/{name}"), values)
    checkout.fill("module/tests", Path(f"tests/modules/{name}"), values)
    migration = Path(f"hub/migrations/versions/{values['revision']}.py")
    checkout.fill("module/migration.py.txt", migration, values)
    checkout.add_lines(
        CATALOGUE,
        import_line=f"from hub.modules.{name}.module import MODULE as {name.upper()}",
        entry=name.upper(),
    )
    made = checkout.write()
    return [
        *made,
        f"{CATALOGUE}: two lines",
        "",
        f"The module {name} is there: /{name}, /api/v1/{name}, the rights {name}.view and {name}.edit.",
        f"Try it (in .venv/bin): pytest tests/modules/{name}; pitline check; make run.",
    ]


def _next_number(chain: list[str]) -> int:
    return max(int(revision.partition("_")[0]) for revision in chain) + 1


def taken(root: Path) -> dict[str, str]:
    """Words that a module's pages, rights, tables and files would collide with, and what has them."""
    from webui.app import OWN_ROUTES

    found = {
        **dict.fromkeys(_ADDRESSES, "an address of the program"),
        **dict.fromkeys(_TABLES, "tables of the kernel"),
        **dict.fromkeys(_WORDS, "a name of the house"),
    }
    for route in OWN_ROUTES:
        found[_first(route.path)] = f"the page {route.path}"
    for module in MODULES:
        for path in (*(r.path for r in module.routes), *(o.path for o in module.operations)):
            found[_first(path)] = f"an address of the module {module.name}"
        for named in (*(p.name for p in module.permissions), *(t.topic for t in module.topics)):
            found[named.partition(".")[0]] = f"a right or topic of the module {module.name}"
    for name in _folders(root):
        found[name] = "a folder of hub/modules or tests/modules"
    found.update({module.name: f"the module {module.title}" for module in MODULES})
    return found


def _first(path: str) -> str:
    return path.strip("/").partition("/")[0]


def _folders(root: Path) -> Iterator[str]:
    for place in (root / "hub/modules", root / "tests/modules"):
        yield from (path.stem for path in place.iterdir())
