"""What a person types, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli.commands import run_command


def _run(capsys: pytest.CaptureFixture[str], *words: str, **environment: str) -> tuple[int, str, str]:
    try:
        code = run_command(words, environment)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize(
    ("words", "nearest"), [(["rnu"], "run"), (["docter"], "doctor"), (["user", "ad"], "add")]
)
def test_a_mistyped_command_is_answered_with_the_nearest_right_one(
    capsys: pytest.CaptureFixture[str], words: list[str], nearest: str
) -> None:
    code, out, err = _run(capsys, *words)
    assert (code, out) == (2, "")
    assert f"did you mean {nearest!r}?" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [[], ["user"], ["user", "add", "--login", "x"], ["token", "add"]])
def test_what_is_missing_is_named(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    code, _, err = _run(capsys, *words)
    assert code == 2
    assert "required" in err
    assert "hint: " in err


def test_an_unknown_setting_stops_with_the_nearest_right_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, "doctor", "config", HUB_SERVER__PROT="80")
    assert code == 2
    assert "There is no setting HUB_SERVER__PROT." in err
    assert "Did you mean HUB_SERVER__PORT?" in err


@pytest.mark.parametrize(
    "environment",
    [
        {"HUB_SERVER__PORT": "http"},
        {"HUB_SERVER__PORT": "70000"},
        {"HUB_SHOP__TIMEZONE": "Mars/Olympus"},
        {"HUB_SHOP__COUNTRY": "Ukraine"},
        {"HUB_SHOP__SHORT_CALL_SECONDS": "-1"},
        {"HUB_DATABASE__URL": "mysql://nobody"},
        {"HUB_AMI__HOST": "pbx"},
        {"HUB_AMI__SECRET_FILE": "/no/such/file"},
    ],
)
def test_a_wrong_setting_is_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], environment: dict[str, str]
) -> None:
    code, _, err = _run(capsys, "doctor", "config", **environment)
    assert code == 2
    assert err.startswith("pitline: The setting ")
    assert len(err.splitlines()) == 2


def test_a_settings_file_that_is_named_must_be_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = _run(capsys, "--config", str(tmp_path / "none.toml"), "doctor", "config")
    assert code == 2
    assert "none.toml" in err


def test_doctor_config_shows_every_setting_and_no_secret(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('[ami]\nhost = "pbx"\nusername = "u"\nsecret = "hush-hush"\n', encoding="utf-8")
    code, out, err = _run(
        capsys, "--config", str(file), "doctor", "config", HUB_TWILIO__AUTH_TOKEN="hush-hush-too"
    )
    assert (code, err) == (0, "")
    assert "hush" not in out
    assert "ami.secret" in out
    assert "Secret(***)" in out
    assert "pbx" in out


def test_a_folder_that_cannot_be_written_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "var").write_text("a file where a folder should be", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code, _, err = _run(capsys, "demo")
    assert code == 1
    assert len(err.splitlines()) == 1
    assert "var" in err


def test_the_demo_says_which_module_it_misses(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, "demo", HUB_MODULES__OFF="desk,calls")
    assert code == 2
    assert "needs calls" in err


def test_doctor_messages_says_which_ways_there_are(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = _run(capsys, "doctor", "messages")
    assert (code, "No channel for messages is set up." in out) == (0, True)
    code, out, _ = _run(
        capsys, "doctor", "messages", HUB_EMAIL__HOST="127.0.0.1", HUB_EMAIL__PORT="1",
        HUB_EMAIL__FROM_ADDRESS="a@b.example",
    )  # fmt: skip
    assert (code, "The mail server cannot be reached." in out) == (1, True)


def test_a_backup_of_nothing_is_refused_and_makes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever forgot to say which database gets a proved backup of an empty one."""
    monkeypatch.chdir(tmp_path)
    code, out, err = _run(capsys, "backup")
    assert (code, out) == (1, "")
    assert "var/pitline.db" in err
    assert "HUB_DATABASE__URL" in err
    assert not list(tmp_path.rglob("*.db*"))


def test_with_demo_a_command_speaks_of_the_demo_shop(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = _run(capsys, "--demo", "doctor", "config")
    assert code == 0
    assert "sqlite+aiosqlite:///var/demo/pitline.db" in out
    code, out, _ = _run(capsys, "--demo", "doctor", "ami")
    assert code == 0
    assert "practice exchange" in out
    assert _run(capsys, "--demo", "migrate")[0] == 0
    assert (tmp_path / "var/demo/pitline.db").exists()
    assert not (tmp_path / "var/pitline.db").exists()


def test_a_role_that_is_none_is_answered_with_those_there_are(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = _run(capsys, "token", "add", "--name", "site", "--role", "boss")
    assert code == 2
    assert "owner, manager, receptionist" in err
