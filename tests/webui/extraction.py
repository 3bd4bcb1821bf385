"""Finds every text that a person may read: in templates, and in code by how it is used or looks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parents[2]
_OPTIONS = {"trimmed": "false", "extensions": "jinja2.ext.do", "newstyle_gettext": "true", "silent": "false"}
_ERRORS = frozenset(
    {"NotFound", "Conflict", "NotAllowed", "NotSignedIn", "Invalid", "TooMany", "Unavailable", "HubError"}
)
_TITLES = {"Permission": (1,), "MenuItem": (0,)}
_TITLED = {
    "Module": ("title",),
    "SystemPart": ("title",),
    "OwnPart": ("title",),
    "SettingsItem": ("title", "text"),
}
_SENTENCE = re.compile(r"[A-Z][^\n]* [^\n]*[.?!:]")


def texts_of(folder: Path) -> dict[str, str]:
    """Text -> where it stands, of everything below a folder."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.html")):
        with path.open("rb") as file:
            for line, _, message, _ in babel_extract(file, ("gettext", "ngettext", "_"), [], _OPTIONS):
                parts = message if isinstance(message, tuple) else (message,)
                for text in parts[:1]:
                    if isinstance(text, str) and text.strip():
                        found.setdefault(text, f"{path.relative_to(ROOT)}:{line}")
    for path in sorted(folder.rglob("*.py")):
        for node, text in _python(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(text, f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def _python(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    unread = {id(node) for node in _unread(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _call(node)
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in unread
            and _SENTENCE.fullmatch(node.value)
        ):
            yield node, node.value


def _call(node: ast.Call) -> Iterator[tuple[ast.expr, str]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    places: tuple[int, ...] = _TITLES.get(name, ())
    if name == "t" and isinstance(node.func, ast.Attribute):
        places = (0,)
    elif name in _ERRORS:
        places = (1, 2)
    for place in places:
        if place < len(node.args):
            argument = node.args[place]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
                yield argument, argument.value
    for keyword in node.keywords:
        is_title = keyword.arg in _TITLED.get(name, ())
        if is_title and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
            yield keyword.value, keyword.value.value


def _unread(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, parts of f-strings, arguments of loggers, descriptions and summaries of the API,
    programmers' exceptions, HELP lines of /metrics."""
    programmers = ("RuntimeError", "LookupError", "TypeError", "ValueError", "AssertionError", "KeyError")
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.keyword) and node.arg in ("description", "summary")
        ):
            yield from ast.walk(node)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and str(key.value).startswith("pitline_"):
                    yield value
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("debug", "info", "warning", "error", "exception", *programmers):
                yield from ast.walk(node)
