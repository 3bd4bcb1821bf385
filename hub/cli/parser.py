"""Which commands there are, and what they take."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Any, NoReturn

_EXIT_USAGE = 2


class Parser(argparse.ArgumentParser):
    """Argparse that names the nearest right word instead of a list of all."""

    def error(self, message: str) -> NoReturn:
        """One sentence, one hint, exit code 2."""
        self.exit(_EXIT_USAGE, f"pitline: {message}\nhint: {self.prog} --help\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices: Sequence[str] = tuple(map(str, action.choices or ()))
        if choices and value not in choices:
            nearest = difflib.get_close_matches(str(value), choices, n=1, cutoff=0.0)
            what = "command" if action.dest.endswith("command") else action.dest
            raise argparse.ArgumentError(None, f"there is no {what} {value!r}; did you mean {nearest[0]!r}?")


def make_parser() -> argparse.ArgumentParser:
    """The whole tree of commands."""
    parser = Parser(prog="pitline", description="The phone line of a car-repair shop.")
    parser.add_argument("--config", default="config/hub.toml", help="the settings file (config/hub.toml)")
    parser.add_argument("--demo", action="store_true", help="speak of the demo shop (var/demo)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    commands.add_parser("run", help="run the hub, until it is told to stop")
    commands.add_parser("demo", help="run the demo shop: practice exchange, sample data, log-ins printed")
    commands.add_parser("migrate", help="bring the database to the schema of this version")
    _add_doctor(commands)
    _add_user(commands)
    _add_token(commands)
    _add_replay(commands)
    _add_backup(commands)
    _add_files(commands)
    _add_seal(commands)
    check = commands.add_parser("check", help="in a checkout: ruff, mypy, import contracts, tests")
    check.add_argument("--without-tests", action="store_true", help="ruff, mypy and contracts only")
    _add_scaffolds(commands)
    return parser


def _add_scaffolds(commands: Any) -> None:
    module = commands.add_parser("new-module", help="in a checkout: a new module, green at once")
    module.add_argument("name", metavar="NAME", help="one word: fleet")
    module.add_argument("--title", default="", help="what the menu says, in English")
    module.add_argument("--ru", default="", metavar="TITLE", help="the same in Russian")
    module.add_argument("--uk", default="", metavar="TITLE", help="the same in Ukrainian")
    connector = commands.add_parser("new-connector", help="in a checkout: a new connector, green at once")
    connector.add_argument("name", metavar="NAME", help="the channel or system: whatsapp")


def _add_doctor(commands: Any) -> None:
    doctor = commands.add_parser("doctor", help="say in words what is wrong, and what to do")
    doctor.add_argument(
        "subject", nargs="?", choices=("config", "ami", "messages", "audit", "bundle"),
        help="one part only: config, ami, messages, audit; bundle: one file for whoever helps; without: all",
    )  # fmt: skip
    doctor.add_argument(
        "--anchor", action="append", default=[], metavar="NUMBER:HASH",
        help="an end of the audit log that a line of the hub's log names; may be repeated",
    )  # fmt: skip


def _add_user(commands: Any) -> None:
    user = commands.add_parser("user", help="people who sign in")
    actions = user.add_subparsers(dest="user_command", metavar="ACTION", required=True, parser_class=Parser)
    add = actions.add_parser("add", help="a new person; the last line printed is a one-time password")
    add.add_argument("--login", required=True, help="the name to sign in with")
    add.add_argument("--name", required=True, help="the person's name")
    add.add_argument("--role", required=True, help="owner, manager, receptionist, master, ...")
    add.add_argument("--extension", action="append", default=[], help="a phone of theirs; may be repeated")
    add.add_argument("--mobile", help="their mobile number")


def _add_token(commands: Any) -> None:
    token = commands.add_parser("token", help="keys for programs")
    actions = token.add_subparsers(dest="token_command", metavar="ACTION", required=True, parser_class=Parser)
    add = actions.add_parser("add", help="a new key; the last line printed is the key alone")
    add.add_argument("--name", required=True, help="what the key is for")
    add.add_argument("--role", required=True, help="whose rights it has: integration, manager, ...")


def _add_replay(commands: Any) -> None:
    replay = commands.add_parser("replay", help="read a day's journal again, and show what would now differ")
    replay.add_argument("day", metavar="DAY", help="a day of the shop: 2026-01-05, today, yesterday")
    replay.add_argument("--pbx", metavar="NAME", help="whose journal, where several PBXs write one")
    replay.add_argument("--take-over", action="store_true", help="write the new values into the history")


def _add_backup(commands: Any) -> None:
    key = "the file that holds the key; without: HUB_BACKUP__PASSPHRASE"
    backup = commands.add_parser("backup", help="take a backup now, and prove it by a rehearsal")
    backup.add_argument("--to", metavar="FOLDER", help="where to; without: HUB_BACKUP__FOLDER")
    backup.add_argument("--key-file", metavar="FILE", help=key)
    restore = commands.add_parser("restore", help="put a backup back; what is there now is kept aside")
    restore.add_argument("file", metavar="FILE", help="a file that pitline backup wrote")
    restore.add_argument("--replace", action="store_true", help="also where something is there already")
    restore.add_argument("--key-file", metavar="FILE", help=key)
    restore.add_argument(
        "--without-key", action="store_true",
        help="the sealing key is lost: second factors go, webhooks get new secrets",
    )  # fmt: skip


def _add_files(commands: Any) -> None:
    taken = commands.add_parser("import", help="take clients, or an older PBX's calls, in from a file")
    taken.add_argument(
        "file", metavar="FILE", help="CSV, XLSX, VCF; Google contacts; a dump of Asterisk's cdr"
    )
    taken.add_argument("--kind", metavar="KIND", help="clients or calls; without: what its columns say")
    taken.add_argument(
        "--mapping", action="append", default=[], metavar="COLUMN=MEANING",
        help="what a column means, by its number or name: 2=phone; empty: left out; may be repeated",
    )  # fmt: skip
    taken.add_argument("--encoding", choices=("utf-8", "cp1251", "utf-16"), help="where it is guessed wrong")
    taken.add_argument("--dry-run", action="store_true", help="only say what would happen")
    given = commands.add_parser("export", help="write clients, vehicles, calls or tasks to a file")
    given.add_argument("kind", metavar="KIND", help="clients, vehicles, calls, tasks")
    given.add_argument("--to", required=True, metavar="FILE", help="ends with .csv, .xlsx or .jsonl")
    given.add_argument("--since", metavar="DAY", help="only what began or was made since: 2026-01-05")
    given.add_argument("--replace", action="store_true", help="also where such a file is there already")


def _add_seal(commands: Any) -> None:
    seal = commands.add_parser("seal", help="the keys that secrets in the database are sealed with")
    actions = seal.add_subparsers(dest="seal_command", metavar="ACTION", required=True, parser_class=Parser)
    actions.add_parser("rotate", help="seal everything with a new key; older ones stay for backups")
    actions.add_parser("key", help="print a new key, for HUB_SEALING__KEYS")
    reset = actions.add_parser("reset", help="the keys are lost: what they sealed is set up anew")
    reset.add_argument("--lost", action="store_true", help="yes, they are lost for good")
