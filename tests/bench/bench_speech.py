"""A real Vosk with a real model: speech by espeak-ng, five seconds of silence, speech again, on two channels.
No engine understands espeak-ng well; what is looked at is that words come, each where somebody speaks.

    pip install vosk && python -m tests.bench.bench_speech MODEL_FOLDER [--voice ko] [--text "…"]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path

from recordings.audio.ffmpeg import ffmpeg
from recordings.audio.speech import VoskSpeech
from tests.bench.machine import machine
from tests.factories.tones import RATE, wav

GAP = 5.0


def spoken(voice: str, text: str, folder: Path) -> array[int]:
    """As a telephone line carries it."""
    said, line = folder / "said.wav", folder / "line.raw"
    subprocess.run(["espeak-ng", "-v", voice, "-s", "130", "-w", str(said), text], check=True)
    command = [ffmpeg(), "-loglevel", "error", "-i", str(said), "-ar", str(RATE), "-ac", "1", "-f", "s16le"]
    subprocess.run([*command, str(line)], check=True)
    return array("h", line.read_bytes())


def main() -> int:
    """Print the words; 1 where there are none, or one stands in the silence."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--voice", default="ko")
    parser.add_argument("--text", default="안녕하세요. 자동차 수리가 끝났습니다.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        talk = spoken(chosen.voice, chosen.text, folder)
        gap = array("h", bytes(2 * int(RATE * GAP)))
        one = talk + gap + talk
        (folder / "call.wav").write_bytes(wav(one, array("h", bytes(2 * len(one)))))
        began = time.monotonic()
        words = VoskSpeech(chosen.model).transcribe(folder / "call.wav")
        took = time.monotonic() - began
    first, second = len(talk) / RATE, len(talk) / RATE + GAP
    wrong = [word for word in words if word.channel != 0 or (word.begin > first + 0.5 and word.end < second)]
    print(machine())
    print(f"{len(one) / RATE:.1f} s of sound, {took:.1f} s,", end=" ")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    print(" ".join(f"{word.text}@{word.begin:.1f}" for word in words))
    print(f"{len(words)} words, {len(wrong)} where nobody speaks")
    return 0 if words and not wrong and words[-1].begin > second - 0.5 else 1


if __name__ == "__main__":
    sys.exit(main())
