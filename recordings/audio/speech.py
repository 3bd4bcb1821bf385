"""Vosk as the engine of speech to text: on this machine, with a model that the owner has put into a folder.
The library is loaded when it is first needed; without it and the model nothing else changes."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hub.errors import Unavailable
from hub.kernel.context import Deps
from hub.ports.speech import SpeechToText, SpokenWord
from recordings.audio.ffmpeg import Heard, decoded, heard_in


def speech_of(deps: Deps) -> SpeechToText | None:
    """What the composition root chose, else Vosk where a model is set, else nothing."""
    if deps.speech is not None:
        return deps.speech
    model = deps.settings.recordings.speech_model
    return VoskSpeech(Path(model)) if model else None


class VoskSpeech:
    """Implements hub.ports.speech.SpeechToText."""

    def __init__(self, model: Path) -> None:
        self._model = model

    def transcribe(self, sound: Path) -> Sequence[SpokenWord]:
        wrong = trouble_of(self._model)
        if wrong is not None:
            raise wrong
        vosk = _library()
        model, heard = _loaded(vosk, self._model), heard_in(sound)
        words: list[SpokenWord] = []
        for channel in range(heard.channels):
            recognizer = vosk.KaldiRecognizer(model, heard.rate)
            recognizer.SetWords(True)
            for piece in _one_channel(sound, heard, channel):
                if recognizer.AcceptWaveform(piece):
                    words += words_in(recognizer.Result(), channel)
            words += words_in(recognizer.FinalResult(), channel)
        return sorted(words, key=lambda word: (word.begin, word.channel))


def _library() -> Any:
    """Vosk, silent. Raises Unavailable where it is installed and does not start."""
    try:
        vosk = importlib.import_module("vosk")
    except (ImportError, OSError) as error:  # a package or a system library that it needs is not there
        raise _away(
            "The library vosk does not start.", "Install it anew, with all that it needs: pip install vosk."
        ) from error
    vosk.SetLogLevel(-1)
    return vosk


def _loaded(vosk: Any, model: Path) -> Any:
    try:
        return vosk.Model(str(model))
    except Exception as error:  # it has no narrower class for this
        raise _away("The speech model is damaged, or not whole.", _UNPACK) from error


def words_in(result: str, channel: int) -> list[SpokenWord]:
    """What Vosk answers, as words: `{"result": [{"word", "start", "end", "conf"}], "text"}`."""
    return [
        SpokenWord(
            text=str(one["word"]), begin=round(float(one["start"]), 2), end=round(float(one["end"]), 2),
            channel=channel,
        )
        for one in json.loads(result).get("result", ())
    ]  # fmt: skip


def _one_channel(sound: Path, heard: Heard, channel: int) -> Iterator[bytes]:
    for piece in decoded(sound, heard):
        samples = memoryview(piece).cast("h")
        yield samples[channel :: heard.channels].tobytes()


def trouble_of(model: Path) -> Unavailable | None:
    """Why nothing can be written down with this folder of a model, if so. It looks at the disk."""
    try:
        return _wrong_with(model)
    except OSError:
        return _away("The folder of the speech model cannot be read.", "Let Pitline's user read all of it.")


def _wrong_with(model: Path) -> Unavailable | None:
    if not model.is_dir():
        return _away("The folder of the speech model is not there.", _UNPACK)
    if not _is_model(model):
        deeper = [one for one in sorted(model.iterdir()) if one.is_dir() and one.name != "am"]
        inner = [one for one in deeper if _is_model(one)]
        if len(inner) == 1:
            return _away("The speech model lies one folder deeper.", "Name that folder in the setting.")
        return _away("There is no speech model in that folder.", _UNPACK)
    if find_spec("vosk") is None:
        return _away(
            "The library vosk is not installed.",
            "Install it with pip install vosk, or empty HUB_RECORDINGS__SPEECH_MODEL.",
        )
    return None


_KINDS = (("am/final.mdl", "conf/model.conf", "conf/mfcc.conf"), ("final.mdl", "mfcc.conf"))
"""What Vosk opens first of its two kinds, the present one and that of before 2020; without one of these files
it does not begin."""


def _is_model(folder: Path) -> bool:
    return any(all((folder / name).is_file() for name in files) for files in _KINDS)


_UNPACK = "Unpack a model of Vosk and name its folder in HUB_RECORDINGS__SPEECH_MODEL, or empty that setting."


def _away(text: str, hint: str) -> Unavailable:
    return Unavailable("speech.away", text, hint)
