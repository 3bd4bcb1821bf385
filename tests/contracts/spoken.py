"""Finds every text that a person may read on the screen: in templates, in code, in errors, manifests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2.ext import babel_extract

from hub.kernel.manifest import Module
from tests.contracts.sources import ROOT, Source, sources

_ERRORS = {
    "NotFound",
    "Conflict",
    "NotAllowed",
    "NotSignedIn",
    "Invalid",
    "TooMany",
    "Unavailable",
    "HubError",
}
_TROUBLES = {"NotReady", "AuthFailed", "TransientError", "PermanentError"}
_TRANSLATE = {"t", "_", "gettext"}
_CODE = re.compile(r"[a-z]+\.[a-z_]+")
_CARRIERS = ("connectors/telegram", "connectors/twilio_sms", "connectors/http_sms", "connectors/email")
_REFUSALS = ("Refused", "UnknownOutcome")
_SPEAKING = ("hub/kernel", "hub/modules", "recordings", "webui")


def in_templates() -> Iterator[tuple[str, str]]:
    """Where it stands, and the text."""
    places = ("webui/templates", "hub/modules/*/templates", "recordings/templates")
    for path in [path for place in places for path in ROOT.glob(f"{place}/**/*.html")]:
        yield from _in_template(path)


def _in_template(path: Path) -> Iterator[tuple[str, str]]:
    options = {"trimmed": "true", "newstyle_gettext": "true"}
    with path.open("rb") as file:
        for line, _, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), [], options):
            for text in message if isinstance(message, tuple) else (message,):
                if text:
                    yield f"{path.relative_to(ROOT)}:{line}", text


def in_code() -> Iterator[tuple[str, str]]:
    for source in sources(*_SPEAKING):
        yield from _in_source(source)


def _in_source(source: Source) -> Iterator[tuple[str, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Tuple):
            yield from _in_triple(source, node)
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        candidates: list[ast.expr] = []
        if name in _TRANSLATE:
            candidates = node.args[:1]
        elif name in _ERRORS:
            candidates = node.args[1:3]
        for candidate in candidates:
            if isinstance(candidate, ast.Constant) and isinstance(candidate.value, str) and candidate.value:
                yield f"{source.name}:{candidate.lineno}", candidate.value


def in_refusals() -> Iterator[tuple[str, str]]:
    """Why a message was refused or is in doubt, as the thread shows it; what is only known later is an x."""
    for carrier in _CARRIERS:
        files = sources(carrier)
        known = {
            target.id: node.value.value
            for source in files
            for node in source.tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for source in files:
            for node in ast.walk(source.tree):
                if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in _REFUSALS:
                    continue
                if text := _said(node.args[0], known):
                    yield f"{source.name}:{node.lineno}", text


def _said(node: ast.expr, known: Mapping[str, object]) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_said(part, known) or "x" for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _said(node.value, known)
    value = node.value if isinstance(node, ast.Constant) else known.get(getattr(node, "id", ""))
    return value if isinstance(value, str) else ""


def _in_triple(source: Source, node: ast.Tuple) -> Iterator[tuple[str, str]]:
    """Code, text and hint of an error that a table holds."""
    parts = [
        item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)
    ]
    if len(node.elts) == len(parts) == 3 and _CODE.fullmatch(parts[0]):
        for said in filter(None, parts[1:]):
            yield f"{source.name}:{node.lineno}", said


def in_manifests(modules: tuple[Module, ...]) -> Iterator[tuple[str, str]]:
    for module in modules:
        yield f"{module.name}/module.py", module.title
        for item in module.menu:
            yield f"{module.name}/module.py", item.title
        for permission in module.permissions:
            yield f"{module.name}/module.py", permission.title
        for part in module.system:
            yield f"{module.name}/module.py", part.title
        for job in module.jobs:
            yield f"{module.name}/module.py", job.title
        for one in module.filters:
            yield f"{module.name}/module.py", one.title
            yield f"{module.name}/module.py", one.without
        for choice in module.bot:
            yield f"{module.name}/module.py", choice.title
        for trigger in module.triggers:
            yield f"{module.name}/module.py", trigger.title
        for entry in (*module.settings, *module.account):
            yield f"{module.name}/module.py", entry.title
            yield f"{module.name}/module.py", entry.text


def in_connectors() -> Iterator[tuple[str, str]]:
    """What connectors say of themselves and of what they could not send, with made-up values in it."""
    for source in sources("connectors"):
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "report" and node.args and isinstance(node.args[0], ast.Constant):
                said = _example(node.args[1]) if len(node.args) > 1 else ""
            else:
                said = _example(node.args[0]) if name in _TROUBLES and node.args else ""
            if re.search(r"[a-z]{3}", said):
                yield f"{source.name}:{node.lineno}", said


def _example(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return "".join(str(p.value) if isinstance(p, ast.Constant) else f"X{n}" for n, p in enumerate(parts))
