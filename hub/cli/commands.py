"""From the words on the command line to what is done; and what a person is told when it fails."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from hub.cli.parser import make_parser
from hub.errors import HubError, Invalid
from hub.reading import load
from hub.settings import LogSettings, Settings

EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2

ROOT = Path(__file__).resolve().parents[2]
"""The checkout, where there is one."""

Command = Callable[[argparse.Namespace, Settings], int]


def run_command(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do one command and give its exit code: 0 done, 1 failed or a problem was found, 2 wrong input."""
    arguments = make_parser().parse_args(words)
    from connectors.catalogue import SECTIONS

    try:
        path = Path(arguments.config)
        if arguments.config != "config/hub.toml" and not path.is_file():
            raise Invalid("settings.no_file", f"There is no settings file {path}.", "Check --config.")
        settings = load(environment, path, SECTIONS)
        if arguments.demo:
            settings = _of_the_demo(settings)
        if arguments.command != "run":
            settings = _quiet(settings)
        return _COMMANDS[arguments.command](arguments, settings)
    except HubError as error:
        return _told(error)
    except OSError as error:
        # A folder that cannot be written, a file that cannot be read: the system's own words say it.
        print(f"pitline: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_OK


def _of_the_demo(settings: Settings) -> Settings:
    from hub.cli.demo.shop import demo_settings

    return demo_settings(settings)


def _quiet(settings: Settings) -> Settings:
    """A command talks to a person: what goes well is not logged, unless somebody asked for it."""
    if settings.log != LogSettings():
        return settings
    return replace(settings, log=replace(settings.log, level="warning"))


def _told(error: HubError) -> int:
    text = error.text.format_map(_Known(error.data))
    print(f"pitline: {text}", file=sys.stderr)
    for field, fault in getattr(error, "fields", {}).items():
        print(f"  {field}: {fault}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
    return EXIT_USAGE if isinstance(error, Invalid) else EXIT_FAILED


class _Known(dict[str, object]):
    """Leaves what a text asks for and nobody gave as it stands."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _work(program: Coroutine[Any, Any, None]) -> None:
    """For what runs all day: on uvloop, which takes a seventh less of the processor for the same calls."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(program)


def _run(_: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.running import run

    _work(run(settings))
    return EXIT_OK


def _demo(_: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.demo.shop import demo

    _work(demo(settings))
    return EXIT_OK


def _migrate(_: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.running import migrate

    print(asyncio.run(migrate(settings)))
    return EXIT_OK


def _doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.subject == "bundle":
        from hub.cli.bundle import write_bundle

        path = Path("pitline-bundle.zip")
        asyncio.run(write_bundle(settings, path))
        print(f"{path} holds versions, masked settings, counts and troubles; no secret, nobody's number.")
        return EXIT_OK
    from hub.cli.doctor import doctor

    is_well = asyncio.run(doctor(settings, arguments.subject, arguments.anchor))
    return EXIT_OK if is_well else EXIT_FAILED


def _user(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.accounts import add_user

    for line in asyncio.run(add_user(settings, arguments)):
        print(line)
    return EXIT_OK


def _token(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.accounts import add_token

    for line in asyncio.run(add_token(settings, arguments)):
        print(line)
    return EXIT_OK


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.replay import replay

    return EXIT_OK if asyncio.run(replay(settings, arguments)) else EXIT_FAILED


def _backup(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.backup import backup

    return EXIT_OK if asyncio.run(backup(settings, arguments)) else EXIT_FAILED


def _restore(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.backup import restore

    asyncio.run(restore(settings, arguments))
    return EXIT_OK


def _import(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.importing import import_file

    try:
        return EXIT_OK if asyncio.run(import_file(settings, arguments)) else EXIT_FAILED
    except KeyboardInterrupt:
        print(
            "pitline: Broken off. What was taken in stays; the same command adds the rest.", file=sys.stderr
        )
        return EXIT_FAILED


def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.exporting import export

    print(asyncio.run(export(settings, arguments)))
    return EXIT_OK


def _seal(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub.cli.sealing import seal

    for line in asyncio.run(seal(settings, arguments)):
        print(line)
    return EXIT_OK


def _check(arguments: argparse.Namespace, _: Settings) -> int:
    from hub.cli.checkout import check

    return EXIT_OK if check(with_tests=not arguments.without_tests) else EXIT_FAILED


def _new_module(arguments: argparse.Namespace, _: Settings) -> int:
    from hub.cli.scaffold.module import new_module

    print("\n".join(new_module(ROOT, arguments)))
    return EXIT_OK


def _new_connector(arguments: argparse.Namespace, _: Settings) -> int:
    from hub.cli.scaffold.connector import new_connector

    print("\n".join(new_connector(ROOT, arguments)))
    return EXIT_OK


_COMMANDS: Mapping[str, Command] = {
    "run": _run,
    "demo": _demo,
    "migrate": _migrate,
    "doctor": _doctor,
    "user": _user,
    "token": _token,
    "replay": _replay,
    "backup": _backup,
    "restore": _restore,
    "import": _import,
    "export": _export,
    "seal": _seal,
    "check": _check,
    "new-module": _new_module,
    "new-connector": _new_connector,
}
