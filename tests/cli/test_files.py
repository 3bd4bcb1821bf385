"""`pitline import` and `pitline export`: on a stopped system, beside a running hub, and what is told."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from hub.app import Hub
from hub.cli.commands import run_command
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.modules.catalogue import MODULES
from hub.modules.crm.api import ClientFilter, CrmApi
from hub.settings import Settings
from tests.databases import Databases

HEAD = "Ім'я;Телефон;Пошта;Держ. номер\n"
GOOD = "Ірина Коваль;067 123-45-67;i@example.com;АА1234ВВ\nПетро;0501112233;;\n"
BAD = ";;;АА9999АА\n=HYPERLINK(1);0931112233;broken@\x1b[2J;\n"
OLD = (
    "calldate;clid;src;dst;channel;dstchannel;lastapp;duration;billsec;disposition;uniqueid;did\n"
    '2025-12-01 10:00:00;"Іван" <0501234567>;0501234567;100;PJSIP/trunk-1;PJSIP/101-2;Dial;40;33;ANSWERED;'
    "1.1;0441234567\n"
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def url(databases: Databases, tmp_path: Path) -> AsyncIterator[str]:
    """A migrated SQLite database: what is tried here is the commands, not the database."""
    with databases.migrated("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
def run(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command, as a person types it in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def ran(*words: str, **environment: str) -> tuple[int, str, str]:
        code = run_command(words, {"HUB_DATABASE__URL": url, **environment})
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


def put(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_is_wrong_is_told_by_line_and_the_rest_is_taken_in(run: Run, tmp_path: Path) -> None:
    file = put(tmp_path, "k.csv", HEAD + GOOD + BAD)
    code, out, err = run("import", file)
    assert (code, out) == (1, "k.csv (clients): 2 added, 0 filled in, 0 there already, 2 wrong.\n")
    told = err.splitlines()
    assert [line.split(": ")[0] for line in told] == [f"{file}:4", f"{file}:5"]
    assert "\x1b" not in err
    code, out, _ = run("import", put(tmp_path, "good.csv", HEAD + GOOD))
    assert (code, out) == (0, "good.csv (clients): 0 added, 0 filled in, 2 there already, 0 wrong.\n")


def test_a_try_changes_nothing_and_keeps_nothing(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("import", put(tmp_path, "k.csv", HEAD + GOOD), "--dry-run")
    assert code == 0
    assert "2 added" in out
    assert "nothing was changed" in out
    run("export", "clients", "--to", "c.jsonl")
    assert lines(tmp_path / "c.jsonl") == []


def test_a_mapping_says_what_a_column_means_and_is_remembered(run: Run, tmp_path: Path) -> None:
    file = put(tmp_path, "odd.csv", "A;B;C\nОлег;0671234567;гурт\n")
    assert run("import", file)[0] == 2  # nobody can guess it
    assert (
        run("import", file, "--mapping", "1=name", "--mapping", "b=phone", "--mapping", "C=segments")[0] == 0
    )
    code, out, _ = run("import", put(tmp_path, "odd2.csv", "A;B;C\nОльга;0671234568;гурт\n"))
    assert (code, out) == (0, "odd2.csv (clients): 1 added, 0 filled in, 0 there already, 0 wrong.\n")
    run("export", "clients", "--to", "c.jsonl")
    found = {
        one["name"]: (one["phones"][0]["number"], one["segments"]) for one in lines(tmp_path / "c.jsonl")
    }
    assert found == {"Ольга": ("+380671234568", ["гурт"]), "Олег": ("+380671234567", ["гурт"])}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "none.csv"], "none.csv"),
        (["import", "k.csv", "--mapping", "9=phone"], "'9'"),
        (["import", "k.csv", "--mapping", "1=fax"], "'fax'"),
        (["import", "k.csv", "--kind", "calls"], "cdr"),
        (["import", "k.csv", "--kind", "cars"], "'cars'"),
        (["import", "empty.csv"], "empty"),
        (["export", "clint", "--to", "c.csv"], "'clients'"),
        (["export", "clients", "--to", "c.pdf"], ".xlsx"),
        (["export", "clients", "--to", "none/c.csv"], "folder"),
        (["export", "clients", "--to", "k.csv"], "--replace"),
        (["export", "clients", "--to", "c.csv", "--since", "soon"], "2026-01-05"),
    ],
)
def test_wrong_input_is_one_sentence_a_hint_and_exit_code_2(
    run: Run, tmp_path: Path, words: list[str], said: str
) -> None:
    put(tmp_path, "k.csv", HEAD + GOOD)
    put(tmp_path, "empty.csv", "")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert "hint: " in err
    assert (tmp_path / "k.csv").read_text(encoding="utf-8") == HEAD + GOOD


def test_clients_that_were_written_out_are_taken_in_by_another_installation(
    run: Run, tmp_path: Path, databases: Databases
) -> None:
    run("import", put(tmp_path, "k.csv", HEAD + GOOD))
    for name in ("out.csv", "out.xlsx"):
        assert run("export", "clients", "--to", name)[0] == 0
        (tmp_path / name[-3:]).mkdir()
        with databases.migrated("sqlite", tmp_path / name[-3:]) as other:
            code, out, _ = run("import", str(tmp_path / name), HUB_DATABASE__URL=other)
            assert (code, out) == (0, f"{name} (clients): 2 added, 0 filled in, 0 there already, 0 wrong.\n")
            run("export", "vehicles", "--to", f"{name}.csv", HUB_DATABASE__URL=other)
        with (tmp_path / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            (car,) = csv.DictReader(file)
        assert (car["Plate"], car["Owner"], car["Phone"]) == ("АА1234ВВ", "Ірина Коваль", "+380671234567")


def test_calls_of_an_older_pbx_come_in_and_go_out_by_day(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("import", put(tmp_path, "cdr.csv", OLD))
    assert (code, out) == (0, "cdr.csv (calls): 1 added, 0 filled in, 0 there already, 0 wrong.\n")
    run("export", "calls", "--to", "calls.csv", "--since", "2025-12-01")
    with (tmp_path / "calls.csv").open(encoding="utf-8-sig", newline="") as file:
        (call,) = csv.DictReader(file)
    shown = (call["Started"], call["From"], call["Result"], call["Talk seconds"])
    assert shown == ("2025-12-01 10:00:00", "+380501234567", "answered", "33.0")
    run("export", "calls", "--to", "later.jsonl", "--since", "2025-12-02")
    assert lines(tmp_path / "later.jsonl") == []


def test_nothing_in_a_file_is_a_formula_and_only_its_owner_reads_it(run: Run, tmp_path: Path) -> None:
    run("import", put(tmp_path, "k.csv", "Ім'я;Телефон\n=HYPERLINK(1);0671234567\n"))
    for name in ("c.csv", "c.xlsx"):
        run("export", "clients", "--to", name)
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["Name"] == "'=HYPERLINK(1)"
    assert load_workbook(tmp_path / "c.xlsx").active["A2"].value == "'=HYPERLINK(1)"
    (tmp_path / "c.csv").write_text("mine", encoding="utf-8")
    assert run("export", "clients", "--to", "c.csv", "--replace")[0] == 0
    assert "HYPERLINK" in (tmp_path / "c.csv").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".c")] == []


@pytest.fixture
async def living(settings: Settings, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub that runs, as far as a command beside it is concerned: it holds the file and does its jobs."""
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(tmp_path / "journal", 30))
    await hub.open()
    hub.jobs.start()
    yield hub
    await hub.jobs.stop()
    await hub.close()


@pytest.mark.sqlite
@pytest.mark.slow
async def test_beside_a_running_hub_the_hub_takes_the_file_in(
    living: Hub, settings: Settings, tmp_path: Path
) -> None:
    file = put(tmp_path, "k.csv", HEAD + GOOD + BAD)
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub", "import", file, cwd=Path(__file__).parents[2],
        env={"HUB_DATABASE__URL": settings.database.url, "PATH": ""},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await command.communicate()
    assert (command.returncode, out.decode()) == (
        1,
        "k.csv (clients): 2 added, 0 filled in, 0 there already, 2 wrong.\n",
    )
    assert len(err.splitlines()) == 2
    assert living.jobs.runs == 1
    async with living.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        page = await CrmApi(uow, living.installation.deps).clients(ClientFilter(), cursor=None, limit=9)
    assert {one.name for one in page.items} == {"Ірина Коваль", "Петро"}
