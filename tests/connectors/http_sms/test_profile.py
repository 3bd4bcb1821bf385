"""A profile is read once; what is wrong in it is said with its place."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.http_sms.profile import READY, profile_of, read_profile
from hub.errors import Invalid

FILE = next(folder / "turbosms.toml" for folder in READY if folder.is_dir())


def document() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def test_the_ready_profile_tries_viber_first_and_falls_to_sms() -> None:
    made = profile_of("turbosms")
    assert made.channels["viber"].falls_to == "sms"
    assert set(made.send["viber"].fields) == {"sequence_id", "recipients", "viber", "sms"}
    assert set(made.send["sms"].fields) == {"sequence_id", "recipients", "sms"}


def test_a_profile_of_ones_own_lies_where_one_says(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(FILE.read_text(encoding="utf-8").replace("TurboSMS", "Other"))
    assert profile_of(str(tmp_path / "own.toml")).title == "Other"


def spoiled(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    made = copy.deepcopy(document())
    change(made)
    return made


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.pop("title"), "title is missing"),
        (lambda d: d.update(titel="x"), "titel"),
        (lambda d: d["channels"].update(fax={"longest": 1}), "sms, viber"),
        (lambda d: d["channels"]["viber"].update(falls_to="pigeon"), "pigeon"),
        (lambda d: d["send"].update(path="/send/{text}"), "path"),
        (lambda d: d["send"].update(path="//evil.example"), "path"),
        (lambda d: d["send"]["headers"].update({"X-Text": "{text}"}), "{text}"),
        (lambda d: d["send"]["headers"].update({"X-A": "a\r\nB: c"}), "X-A"),
        (lambda d: d["send"]["sms"].update(x="{environment}"), "{environment}"),
        (lambda d: d["send"]["sms"].pop("sequence_id"), "{id}"),
        (lambda d: d["states"].update(Gone="vanished"), "vanished"),
        (lambda d: d["reply"]["codes"].update({"9": "maybe"}), "maybe"),
        (lambda d: d["reply"].update(id=7), "list of texts"),
        (lambda d: d["webhook"].update(proof="rot13"), "hmac-sha256"),
        (lambda d: d["webhook"].update(over=["{token}"]), "{token}"),
        (lambda d: d.update(send=[]), "a table"),
        (lambda d: d.update(per_second="many"), "per_second"),
    ],
)
def test_what_is_wrong_in_a_profile_is_said_with_its_place(
    change: Callable[[dict[str, Any]], None], said: str
) -> None:
    with pytest.raises(Invalid, match="profile of an SMS provider") as told:
        read_profile(spoiled(change), "own.toml")
    assert said in told.value.text


@pytest.mark.parametrize("name", ["turbo", "../plans", "/etc/passwd", "no/such.toml"])
def test_a_profile_that_there_is_not_is_said(name: str) -> None:
    with pytest.raises(Invalid, match="wrong"):
        profile_of(name)
