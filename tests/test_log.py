"""Logs: one line each, no value can forge another, no secret shows."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from hub import log
from tests.thrift import log_plainly


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root, library = logging.getLogger(), logging.getLogger("aiohttp.server")
    before = root.handlers[:], root.level
    # What tests before this one left behind: other people's code switches loggers off.
    logging.disable(logging.NOTSET)
    library.disabled, library.propagate = False, True
    library.setLevel(logging.NOTSET)
    yield
    log_plainly()
    root.handlers[:], level = before
    root.setLevel(level)


HOSTILE = "Ivan\r\n2026-01-01 info hub: all is well\x1b[2J\u2028next\u202e\x85"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_value_from_outside_cannot_forge_a_line(form: str) -> None:
    stream = io.StringIO()
    log.configure(form, "info", stream)
    log.get_logger("hub.test").info("caller", name=HOSTILE)
    said = stream.getvalue()
    assert said.count("\n") == 1
    assert len(said.splitlines()) == 1
    assert not set("\r\x1b\u2028\u202e\x85") & set(said)
    assert "Ivan" in said


def test_a_trace_is_indented_so_that_no_line_of_it_passes_for_another() -> None:
    stream = io.StringIO()
    log.configure("text", "info", stream)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        log.get_logger("hub.test").exception("failed")
    first, *rest = stream.getvalue().splitlines()
    assert "failed" in first
    assert rest
    assert all(line.startswith("    | ") for line in rest)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("secret", "hunter2"),
        ("auth_token", "hunter2"),
        ("Authorization", "Bearer hunter2"),
        ("cookie", "session=hunter2"),
        ("url", "postgresql+asyncpg://hub:hunter2@db/hub"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked(form: str, name: str, value: str) -> None:
    stream = io.StringIO()
    log.configure(form, "info", stream)
    log.get_logger("hub.test").info("said", **{name: value})
    assert "hunter2" not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_what_is_bound_stands_in_every_line_inside() -> None:
    stream = io.StringIO()
    log.configure("json", "info", stream)
    logger = log.get_logger("hub.test")
    with log.bound(call_id="c1", shop_id="main"):
        logger.info("inside")
    logger.info("outside")
    inside, outside = map(json.loads, stream.getvalue().splitlines())
    assert (inside["call_id"], inside["shop_id"], inside["part"]) == ("c1", "main", "hub.test")
    assert "call_id" not in outside


def test_the_libraries_speak_in_the_same_form() -> None:
    stream = io.StringIO()
    log.configure("json", "warning", stream)
    logging.getLogger("aiohttp.server").warning("bad\r\nrequest %s", "x")
    logging.getLogger("aiohttp.server").info("not this one")
    said = json.loads(stream.getvalue())
    assert (said["event"], said["level"]) == ("bad\r\nrequest x", "warning")


def test_a_line_that_cannot_be_told_to_another_process_holds_nobody_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def gone(_: log.Told) -> None:
        raise RuntimeError("Event loop is closed")

    log.forward("info", gone)
    logging.getLogger("aiohttp.server").error("the last word of %s", "a library")
    assert "Event loop is closed" in capsys.readouterr().err


def test_a_line_with_words_that_do_not_fit_is_told_of_and_the_next_one_goes_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[log.Told] = []
    log.forward("info", told.append)
    logging.getLogger("aiohttp.server").error("%d calls", "many")
    logging.getLogger("aiohttp.server").error("and on")
    assert [one.said for one in told] == ["and on"]
    assert "%d format" in capsys.readouterr().err


@pytest.mark.parametrize("message", ["it failed", {"event": "it failed"}])
def test_a_trace_is_told_to_another_process_with_its_line(message: str | dict[str, str]) -> None:
    told: list[log.Told] = []
    log.forward("info", told.append)
    try:
        raise ValueError("of this value")
    except ValueError:
        logging.getLogger("aiohttp.server").exception(message)
    assert "ValueError: of this value" in str(told[0].said)
