"""Rule 11: a file has at most 400 lines, a function 60, a class 20 public methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.contracts.sources import Source, broken, functions, sources


def long_files(source: Source) -> Iterator[str]:
    if len(source.lines) > 400:
        yield f"{source.name} has {len(source.lines)} lines"


def long_functions(source: Source) -> Iterator[str]:
    for function in functions(source):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > 60:
            yield f"{source.name}:{function.lineno} {function.name} has {length} lines"


def wide_classes(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            public = [method.name for method in methods if not method.name.startswith("_")]
            if len(public) > 20:
                yield f"{source.name}:{node.lineno} {node.name} has {len(public)} public methods"


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    assert broken(long_files, sources("hub", "connectors", "recordings", "webui", "tests")) == []


def test_no_function_is_longer_than_one_can_hold_in_mind() -> None:
    assert broken(long_functions) == []


def test_no_class_offers_more_than_one_can_hold_in_mind() -> None:
    assert broken(wide_classes) == []
