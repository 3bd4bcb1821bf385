"""Vosk as the engine of speech to text: on this machine, with a model that the owner has put into a folder.
The library is loaded when it is first needed; without it and the model nothing else changes."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
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
        vosk = _library()
        if not self._model.is_dir():
            raise _away("The folder of the speech model is not there.")
        vosk.SetLogLevel(-1)
        model, heard = vosk.Model(str(self._model)), heard_in(sound)
        words: list[SpokenWord] = []
        for channel in range(heard.channels):
            recognizer = vosk.KaldiRecognizer(model, heard.rate)
            recognizer.SetWords(True)
            for piece in _one_channel(sound, heard, channel):
                if recognizer.AcceptWaveform(piece):
                    words += words_in(recognizer.Result(), channel)
            words += words_in(recognizer.FinalResult(), channel)
        return sorted(words, key=lambda word: (word.begin, word.channel))


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


def _library() -> Any:
    try:
        return importlib.import_module("vosk")
    except ImportError as error:
        raise _away("The library vosk is not installed.") from error


def _away(text: str) -> Unavailable:
    return Unavailable(
        "speech.away", text, "Install vosk and a model, or empty HUB_RECORDINGS__SPEECH_MODEL."
    )
