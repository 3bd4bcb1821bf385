"""The house rules that a program can check, on every source file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.contracts.sources import ROOT, Source, broken, functions, sources

COMMITS = ("hub/kernel/",)
CATCHES_ALL = {
    "hub/kernel/hooks/judging.py",
    "hub/kernel/jobs/runner.py",
    "hub/kernel/processes/supervisor.py",
    "hub/kernel/processes/workers.py",
    "hub/kernel/stream/hotpath.py",
    "hub/kernel/stream/relay.py",
    "webui/middlewares.py",
}
"""Relay (with its hot half, and what reads raw requests for it), supervisor, job runner (with the runner of
workers), error middleware: the four places."""
READS_ENVIRONMENT = {"hub/__main__.py", "hub/cli/commands.py", "hub/cli/checkout.py", "hub/cli/demo/shop.py"}
CHANGING = {"append", "add", "update", "extend", "pop", "clear", "setdefault", "remove", "discard", "insert"}
NO_NAME = {"utils.py", "helpers.py", "common.py", "manager.py", "misc.py"}


def foreign_commits(source: Source) -> Iterator[str]:
    if source.name.startswith(COMMITS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield f"{source.name}:{node.lineno}"


def broad_catches(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler) or any(isinstance(n, ast.Raise) for n in ast.walk(node)):
            continue
        caught = {"everything"}
        if node.type is not None:
            caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
        if caught & {"everything", "BaseException"}:
            yield f"{source.name}:{node.lineno} catches everything and goes on"
        if "Exception" in caught and source.name not in CATCHES_ALL:
            yield f"{source.name}:{node.lineno} catches Exception"


def is_container(value: ast.expr | None) -> bool:
    if isinstance(value, ast.List | ast.Dict | ast.Set):
        return True
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in ("list", "dict", "set", "deque", "defaultdict")
    )


def module_containers(source: Source) -> set[str]:
    made: set[str] = set()
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and is_container(node.value):
            made |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.AnnAssign) and is_container(node.value) and isinstance(node.target, ast.Name):
            made.add(node.target.id)
    return made


def module_state(source: Source) -> Iterator[str]:
    """A container that a module makes and a function changes is a global; so is `global`."""
    made = module_containers(source)
    for function in functions(source):
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield f"{source.name}:{node.lineno} global {', '.join(node.names)}"
            changed: ast.expr | None = None
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in CHANGING
            ):
                changed = node.func.value
            if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                changed = node.value
            if isinstance(changed, ast.Name) and changed.id in made:
                yield f"{source.name}:{changed.lineno} changes {changed.id}"


def environment_reads(source: Source) -> Iterator[str]:
    if source.name in READS_ENVIRONMENT:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"):
            yield f"{source.name}:{node.lineno}"


def unfinished(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield f"{source.name}:{number} {line.strip()}"


def silenced(source: Source) -> Iterator[str]:
    """`type: ignore` and `noqa` need a reason behind them that one would defend."""
    for number, line in enumerate(source.lines, 1):
        found = re.search(r"#\s*(type:\s*ignore|noqa)(\[[\w, -]+\]|:\s*[A-Z0-9, ]+)?(?P<why>.*)$", line)
        if found and len(found["why"].strip(" -#()")) < 8:
            yield f"{source.name}:{number} {line.strip()}"


def silent(source: Source) -> Iterator[str]:
    if source.text.strip() and ast.get_docstring(source.tree) is None:
        yield source.name
    for node in source.tree.body:
        if (
            isinstance(node, ast.ClassDef)
            and not node.name.startswith("_")
            and ast.get_docstring(node) is None
        ):
            yield f"{source.name}:{node.lineno} {node.name}"


def test_only_the_kernel_commits() -> None:
    assert broken(foreign_commits) == []


def test_everything_is_caught_in_four_places_only_and_nothing_is_swallowed() -> None:
    assert broken(broad_catches) == []


def test_no_state_lives_in_a_module() -> None:
    assert broken(module_state) == []


def test_nothing_reads_the_environment_after_the_start() -> None:
    assert broken(environment_reads) == []


def test_nothing_is_left_unfinished() -> None:
    assert broken(unfinished) == []


def test_no_checker_is_silenced_without_a_reason() -> None:
    assert broken(silenced) == []


def test_every_file_and_every_public_class_says_what_it_is_for() -> None:
    assert broken(silent) == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [
        source.name
        for source in sources("hub", "connectors", "recordings", "webui", "tests")
        if source.path.name in NO_NAME
    ] == []


def test_only_the_composition_roots_join_connectors_modules_and_web_admin() -> None:
    found = {
        source.name
        for source in sources("hub")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith(("connectors", "recordings", "webui"))
    }
    assert found <= {"hub/main.py", "hub/line.py"} | {source.name for source in sources("hub/cli")}


def test_the_kernel_speaks_http_in_one_file_only() -> None:
    found = {
        source.name
        for source in sources("hub/kernel")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        and "aiohttp" in (getattr(node, "module", None) or " ".join(alias.name for alias in node.names))
    }
    assert found <= {"hub/kernel/web.py"}


def test_the_program_names_nothing_of_the_machine_that_it_was_written_on() -> None:
    forbidden = re.compile(r"/(home|root|Users)/")
    looked = [*sources("hub", "connectors", "recordings", "webui", "tests")]
    found = [
        source.name for source in looked if forbidden.search(source.text) and "contracts" not in source.name
    ]
    texts = [*ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]
    found += [
        path.name for path in texts if path.exists() and forbidden.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
