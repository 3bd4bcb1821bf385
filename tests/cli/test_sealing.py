"""`pitline seal` and what `doctor` says of the keys, as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli.commands import run_command
from hub.kernel.sealing.keys import KeyStore, parse_keys


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "HUB_DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path}/shop.db",
        "HUB_JOURNAL__FOLDER": str(tmp_path / "journal"), "HUB_BACKUP__FOLDER": str(tmp_path / "backups"),
        "HUB_LOG__LEVEL": "critical",
    }  # fmt: skip


def test_a_key_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["seal", "key"], {}) == 0
    assert len(parse_keys(capsys.readouterr().out, "it")) == 1


def test_keys_are_given_up_only_when_somebody_says_that_they_are_lost(
    capsys: pytest.CaptureFixture[str], environment: dict[str, str]
) -> None:
    assert run_command(["seal", "reset"], environment) == 2
    assert "--lost" in capsys.readouterr().err


@pytest.mark.slow
def test_a_lost_key_from_the_refused_start_to_the_new_one(
    capsys: pytest.CaptureFixture[str], environment: dict[str, str], tmp_path: Path
) -> None:
    assert run_command(["migrate"], environment) == 0
    store = KeyStore(tmp_path / "shop.db.key")
    first = store.load()[0].id
    assert run_command(["seal", "rotate"], environment) == 0
    said = capsys.readouterr().out
    assert [key.id for key in store.load()][1] == first
    assert store.load()[0].id in said
    assert store.load()[0].text() not in said
    assert run_command(["seal", "reset", "--lost"], environment) == 1
    assert "nothing is lost" in capsys.readouterr().err
    (tmp_path / "shop.db.key").unlink()
    assert run_command(["migrate"], environment) == 1
    assert "There is no key file" in capsys.readouterr().err
    run_command(["doctor"], environment)
    assert "There is no key file" in capsys.readouterr().out
    assert run_command(["seal", "reset", "--lost"], environment) == 0
    capsys.readouterr()
    run_command(["doctor"], environment)
    said = capsys.readouterr().out
    assert f"sealed with the key {store.load()[0].id}" in said
    assert store.load()[0].text() not in said
