"""Speech to text: nothing without an engine; with one, words with their times, found and led to."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from hub.errors import Unavailable
from hub.kernel.context import Apis
from hub.kernel.shops import FIRST_SHOP
from hub.ports.speech import SpokenWord
from recordings.api import RecordingsApi, RecordingView
from recordings.audio.speech import VoskSpeech, words_in
from recordings.rules_library import around, words_of
from recordings.service_transcripts import first_of
from tests.factories.calls import ended, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.webui.stage import Shop

SAID = ("обіцяли", "чотири", "тисячі", "двісті", "до", "п'ятниці")

MODEL = ("am/final.mdl", "conf/model.conf", "conf/mfcc.conf")
OLD_MODEL = ("final.mdl", "mfcc.conf")
"""What Vosk 0.3.45 opens of a model of today, and of one of the first kind."""
WHOLE = """
def SetLogLevel(level): pass
def Model(folder): raise Exception("Failed to create a model")
"""
"""As vosk 0.3.45 answers to a model whose files are empty."""


class Engine:
    """Understands everything alike, and counts how often it was asked."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def transcribe(self, sound: Path) -> Sequence[SpokenWord]:
        self.heard.append(sound.stat().st_size)
        return [
            SpokenWord(text=text, begin=n / 4, end=n / 4 + 0.2, channel=n % 2) for n, text in enumerate(SAID)
        ]


@pytest.fixture
def engine(hub: Hub) -> Engine:
    made = Engine()
    object.__setattr__(hub.installation.deps, "speech", made)
    return made


async def recorded(hub: Hub) -> RecordingView:
    """A recording that everybody has heard of, and whose jobs are done."""
    await tell_calls(hub, ended("c1", 0, "answered"))
    made = await recording(hub, call_id="c1")
    await settled(hub)
    hub.jobs.start()
    await asyncio.sleep(0)
    for _ in range(200):
        async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            runs = await hub.installation.deps.jobs.recent(uow, "recordings.transcribe")
        if not any(run.is_open for run in runs):
            break
        await asyncio.sleep(0.05)
    await hub.jobs.stop()
    return made


async def test_without_an_engine_nothing_is_written_down(shop: Shop, hub: Hub) -> None:
    made = await recorded(hub)
    owner = await shop.signed_in("owner")
    answer = await owner.get(f"/api/v1/recordings/{made.id}/transcript")
    assert (await answer.json())["items"] == []
    assert "rec-transcript" not in await (await owner.get(f"/recordings/{made.id}")).text()


async def test_what_was_said_is_found_and_leads_to_its_moment(shop: Shop, hub: Hub, engine: Engine) -> None:
    made = await recorded(hub)
    assert len(engine.heard) == 1
    owner = await shop.signed_in("owner")
    words = (await (await owner.get(f"/api/v1/recordings/{made.id}/transcript")).json())["items"]
    assert [one["text"] for one in words] == list(SAID)
    found = (await (await owner.get("/api/v1/recordings?text=тисяч")).json())["items"]
    assert [one["id"] for one in found] == [made.id]
    page = await (await owner.get(f"/recordings/{made.id}?q=тисяч")).text()
    assert 'data-start="0.5"' in page
    assert "тисячі" in page


async def test_a_second_run_writes_nothing_down_again(hub: Hub, engine: Engine) -> None:
    made = await recorded(hub)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await Apis(uow, hub.installation.deps, hub.installation.apis).of(RecordingsApi).write_down(made.id)
    await recorded(hub)
    assert len(engine.heard) == 2  # the new recording alone


def test_what_vosk_answers_becomes_words() -> None:
    said = {"result": [{"word": "добрий", "start": 0.12, "end": 0.513, "conf": 0.9}], "text": "добрий"}
    assert words_in(json.dumps(said), 1) == [SpokenWord(text="добрий", begin=0.12, end=0.51, channel=1)]
    assert words_in('{"text": ""}', 0) == []


@pytest.mark.parametrize(
    ("files", "said", "hint"),
    [
        (None, "not there", "Unpack"),
        ((), "no speech model", "Unpack"),
        (("readme.txt", "deeper/readme.txt"), "no speech model", "Unpack"),
        (tuple(f"vosk-model-small-uk-v3-nano/{name}" for name in MODEL), "one folder deeper", "that folder"),
        (
            (*(f"one/{name}" for name in OLD_MODEL), *(f"two/{name}" for name in OLD_MODEL)),
            "no speech",
            "Unp",
        ),
        *((MODEL[:n] + MODEL[n + 1 :], "no speech model", "Unpack") for n in range(len(MODEL))),
        *(((one,), "no speech model", "Unpack") for one in OLD_MODEL),
        (OLD_MODEL, "not installed", "pip install vosk"),
        (MODEL, "not installed", "pip install vosk"),
    ],
)
def test_a_model_that_cannot_be_used_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Sequence[str] | None, said: str, hint: str
) -> None:
    monkeypatch.setattr("recordings.audio.speech.find_spec", lambda _: None)
    model = tmp_path / "model"
    for name in files or ():
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).touch()
    if files is not None:
        model.mkdir(exist_ok=True)
    with pytest.raises(Unavailable) as caught:
        VoskSpeech(model).transcribe(tmp_path / "sound.wav")
    assert (said in caught.value.text, hint in caught.value.hint) == (True, True)


@pytest.mark.parametrize(
    ("library", "said", "hint"),
    [
        ("import srt_of_vosk_that_is_not_there", "does not start", "pip install vosk"),
        ("raise OSError('libatomic.so.1: cannot open shared object file')", "does not start", "pip install"),
        (WHOLE, "damaged, or not whole", "Unpack"),
    ],
)
def test_a_library_that_fails_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, said: str, hint: str
) -> None:
    (tmp_path / "vosk.py").write_text(library, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "vosk", raising=False)
    for name in MODEL:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    try:
        with pytest.raises(Unavailable) as caught:
            VoskSpeech(tmp_path).transcribe(tmp_path / "sound.wav")
    finally:
        sys.modules.pop("vosk", None)
    assert (said in caught.value.text, hint in caught.value.hint) == (True, True)


def test_a_model_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")  # root may read everything: only told so

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(Unavailable, match="cannot be read"):
        VoskSpeech(tmp_path).transcribe(tmp_path / "sound.wav")


async def test_a_wrong_model_stands_on_the_system_page(shop: Shop, hub: Hub, tmp_path: Path) -> None:
    object.__setattr__(hub.installation.settings.recordings, "speech_model", str(tmp_path))
    page = await (await (await shop.signed_in("owner")).get("/system")).text()
    assert "У цій теці немає мовної моделі." in page


@pytest.mark.parametrize(("looked_for", "at"), [("тисяч", 0.5), ("ДО", 1.0), ("ні", None), ("", None)])
def test_the_first_word_that_was_looked_for_is_where_one_begins(looked_for: str, at: Any) -> None:
    words = [SpokenWord(text=t, begin=n / 4, end=1.0, channel=0) for n, t in enumerate(SAID)]
    assert first_of(words, looked_for) == at


def test_an_excerpt_begins_a_little_before_the_word() -> None:
    text = "слово " * 100 + "гальма скриплять"
    assert "гальма скриплять" in around(text, words_of("гальм"))
    assert len(around(text, words_of("гальм"))) < 100
    assert around("коротко", words_of("корот")) == "коротко"
