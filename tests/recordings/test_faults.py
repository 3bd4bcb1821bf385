"""Faults of recordings (F49, F51, F63 to F66): broken headers, growing files, kills, paths, a full disk."""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from hub.app import Hub
from hub.errors import Unavailable
from recordings.store import store_of
from tests.factories.calls import at
from tests.factories.tones import header, tone, wav
from tests.faults.figures import Fault
from tests.machine import missing
from tests.recordings.stage import SOUND, Spool, open_spool
from tests.webui.stage import Shop

PCM = SOUND[44:]
FMT = SOUND[12:36]


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def rf64(data: bytes) -> bytes:
    sizes = struct.pack("<QQQI", len(data) + 72, len(data), len(data) // 2, 0)
    return b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", sizes) + FMT + b"data\xff\xff\xff\xff" + data


def said(length: int, data: bytes = PCM) -> bytes:
    """A file whose header claims so many bytes of sound."""
    return header(length) + data


FINE = 2.0
BROKEN: dict[str, tuple[bytes, str, float]] = {
    "length 0, as a killed PBX leaves it": (said(0), "ready", FINE),
    "length 0, with a RIFF length of 0": (b"RIFF\0\0\0\0" + said(0)[8:], "ready", FINE),
    "a stream's endless length": (said(0xFFFFFFFF), "ready", FINE),
    "a length that is too short": (said(100), "ready", FINE),
    "a length that is too long": (said(len(PCM) * 2), "ready", FINE),
    "cut off in the middle": (SOUND[: 44 + len(PCM) // 2], "ready", FINE / 2),
    "an odd byte at the end": (said(len(PCM) + 1, PCM + b"\x01"), "ready", FINE),
    "an odd byte that the header does not know": (SOUND + b"\x01", "ready", FINE),
    "length 0 and an odd byte": (said(0, PCM + b"\x01"), "ready", FINE),
    "a RIFF length of 4 GB": (b"RIFF\xff\xff\xff\xff" + SOUND[8:], "ready", FINE),
    "two channels, cut within a sample": (header(32000, channels=2) + PCM[:-1], "ready", FINE / 2),
    "RF64": (rf64(PCM), "ready", FINE),
    "RF64 without lengths": (rf64(PCM)[:20] + b"\0" * 28 + rf64(PCM)[48:], "ready", FINE),
    "chunks before the sound": (SOUND[:36] + chunk(b"LIST", b"INFO") + SOUND[36:], "ready", FINE),
    "chunks behind the sound": (SOUND + chunk(b"LIST", b"INFO"), "ready", FINE),
    "no bytes": (b"", "empty", 0.0),
    "44 bytes": (header(0), "empty", 0.0),
    "44 bytes that promise sound": (header(16000), "empty", 0.0),
    "A-law": (header(8000, bits=8, tag=6) + b"\x55" * 8000, "ready", 1.0),
    "mu-law": (header(8000, bits=8, tag=7) + b"\xff" * 8000, "ready", 1.0),
    "8 bit": (header(8000, bits=8) + b"\x80" * 8000, "ready", 1.0),
    "an MP3 of rubbish": (b"ID3\x03" + os.urandom(3000), "damaged", 0.0),
    "an Ogg of rubbish": (b"OggS" + os.urandom(3000), "damaged", 0.0),
}
REFUSED = {
    "a text": (b"hello " * 100, "no_header"),
    "a header of another codec": (header(1000, tag=0x1234) + b"\0" * 1000, "foreign_codec"),
    "no channels at all": (header(1000, channels=0) + b"\0" * 1000, "foreign_codec"),
    "half a header": (SOUND[:30], "no_header"),
    "a byte before the header": (b"\0" + SOUND, "no_header"),
    "a RIFF of pictures": (b"RIFF\x10\0\0\0AVI " + b"\0" * 16, "no_header"),
}


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


@pytest.mark.fault("F63")
async def test_whatever_the_header_says_all_the_sound_there_is_can_be_played(
    spool: Spool, fault: Fault
) -> None:
    for number, (what, (data, state, seconds)) in enumerate(BROKEN.items()):
        name = f"done/{number}.wav"
        spool.write(name, data, at=at(60 + number))
        await spool.look()
        made = next(one for one in await spool.recordings() if one.source_name == name)
        is_right = made.state == state and abs(made.duration_seconds - seconds) <= 0.1
        fault.check(f"{what}: {made.state}, {made.duration_seconds} s", is_right and made.size == len(data))
        if state == "ready" and made.codec == "pcm_s16le":
            with wave.open(BytesIO(await spool.heard(made))) as played:
                sound = played.readframes(played.getnframes())
            fault.check(
                f"{what}: {len(sound)} bytes of sound",
                PCM.startswith(sound) and len(sound) >= seconds * 16000,
            )


@pytest.mark.fault("F63")
async def test_mended_and_cut_files_say_so(spool: Spool, fault: Fault) -> None:
    cut, mended = SOUND[:8044], said(0)
    spool.write("done/cut.wav", cut)
    spool.write("done/mended.wav", mended, at=at(61))
    await spool.look()
    by_name = {one.source_name: one for one in await spool.recordings()}
    fault.check("the cut one is not flagged", by_name["done/cut.wav"].is_truncated)
    fault.check("the mended one is not flagged", by_name["done/mended.wav"].is_repaired)
    fault.check("nothing was cut there", not by_name["done/mended.wav"].is_truncated)


@pytest.mark.fault("F63")
async def test_what_is_no_sound_is_refused_with_a_reason_and_left_where_it_is(
    spool: Spool, fault: Fault
) -> None:
    for number, (data, _) in enumerate(REFUSED.values()):
        spool.write(f"done/{number}.wav", data)
    with spool.write("done/big.wav", header(0xFFFFFFFF)).open("r+b") as file:
        file.truncate(5 * 1024**3)
    spool.write("done/page.html", b"<html>")
    await spool.look()
    codes = {one.path: one.code for one in await spool.troubled()}
    for number, (what, (_, code)) in enumerate(REFUSED.items()):
        fault.check(f"{what}: {codes.get(f'done/{number}.wav')}", codes.get(f"done/{number}.wav") == code)
    fault.check("a sparse file of 5 GB", codes.get("done/big.wav") == "too_big")
    fault.check("a page", codes.get("done/page.html") == "foreign_format")
    assert len(spool.in_spool()) == len(REFUSED) + 2
    assert await spool.recordings() == []


@pytest.mark.fault("F64")
async def test_a_file_that_grows_is_never_taken_half(spool: Spool, fault: Fault) -> None:
    path = spool.write("done/grows.wav", header(0))
    for _ in range(20):
        with path.open("ab") as file:
            file.write(b"\x01\x00" * 4000)
        taken = await spool.look(1)
        fault.check("it was taken while it grew", taken == 0)
    with path.open("r+b") as file:
        file.write(header(160_000))
    await spool.look()
    [made] = await spool.recordings()
    fault.check("it is not whole", made.duration_seconds == 10.0 and not made.is_repaired)


@pytest.mark.fault("F64")
async def test_a_file_that_is_written_to_while_it_is_read_waits(
    spool: Spool, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = spool.write("done/a.wav")
    monkeypatch.setattr("recordings.spool._piece", _growing(path))
    fault.check("it was taken", await spool.look() == 0)
    monkeypatch.undo()
    fault.check("it was forgotten", await spool.look() == 1)
    assert len(spool.in_store()) == 2


def _growing(path: Path):  # type: ignore[no-untyped-def]  # a reader that somebody writes beside
    def read(source):  # type: ignore[no-untyped-def]
        with path.open("ab") as file:
            file.write(b"\0\0")
        data = source.read(1 << 18)
        return b"" if len(data) < 1 << 18 and source.tell() > 40_000 else data

    return read


@pytest.mark.fault("F66")
async def test_no_link_device_or_strange_name_leads_out_of_the_spool(
    spool: Spool, tmp_path: Path, fault: Fault
) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(SOUND)
    done = spool.root / "done"
    done.mkdir()
    (done / "link.wav").symlink_to(secret)
    (done / "hard.wav").hardlink_to(secret)
    (spool.root / "folder").symlink_to(tmp_path)
    os.mkfifo(done / "pipe.wav")
    for name in (*STRANGE, *HIDDEN):
        (done / name).write_bytes(SOUND)
    deep = spool.root / "d" / ("x" * 200) / ("y" * 200) / ("z" * 200) / ("u" * 200) / ("v" * 200)
    deep.mkdir(parents=True)
    (deep / "long.wav").write_bytes(SOUND)
    await spool.look()
    codes = sorted(one.code for one in await spool.troubled())
    wanted = ["bad_name"] * len(STRANGE) + ["device", "hard_link", "link", "link", "long_name"]
    for number, (code, other) in enumerate(zip_longest(codes, sorted(wanted))):
        fault.check(f"{number}: {code}, not {other}", code == other)
    fault.check("something was taken", await spool.recordings() == [])


STRANGE = (
    "a\\..\\secret.wav", "b\\secret.wav", "C:\\secret.wav", "%2e%2e%2fsecret.wav", "%2E%2E%5Csecret.wav",
    "x%2fsecret.wav", "%2fetc%2fpasswd.wav",
)  # fmt: skip
HIDDEN = ("..\\secret.wav", "..%2fsecret.wav", "..secret.wav")
"""Nobody looks at names that begin with a point."""


@pytest.mark.fault("F66")
async def test_a_name_of_any_bytes_is_taken_and_shown_as_text(spool: Spool, fault: Fault) -> None:
    folder = os.fsencode(spool.root / "done")
    os.mkdir(folder)
    for name in (b"\xff\xfe.wav", b"line\nbreak.wav", "Олена.wav".encode(), b"' OR 1=1;--.wav", b"<b>.wav"):
        with open(folder + b"/" + name, "wb") as file:
            file.write(SOUND + name)
    await spool.look()
    names = [one.source_name for one in await spool.recordings()]
    fault.check(str(names), len(names) == 5)
    for shown in names:
        fault.check(shown, shown.isprintable())


@pytest.mark.fault("F66")
async def test_no_key_leads_out_of_the_store(spool: Spool, fault: Fault) -> None:
    store = store_of(spool.ctx.deps)
    for key in WILD:
        with pytest.raises(Exception, match="not in the store") as refused:
            await store.size(key)
        fault.check(key, getattr(refused.value, "code", "") == "recordings.no_sound")


WILD = (
    "../secret.wav", "../../secret.wav", "a/../../b.wav", "a/b/../../../c.wav", "/etc/passwd", "//etc/passwd",
    "C:/x.wav", "a\\b.wav", "..\\secret.wav", "\\\\host\\x.wav", "%2e%2e/x.wav", "%2e%2e%2fx.wav",
    "..%c0%afx.wav", "a\0.wav", "a.wav\0", ".x.wav", "..", ".", "", "a//b.wav", "a/./b.wav", "a/", "/",
    "~/x.wav", "file:///etc/passwd", "a\nb.wav", "x" * 300 + ".wav", "../" * 40 + "etc/passwd",
)  # fmt: skip
ADDRESSES = (
    "..%2f..%2fsecret.wav", "%2e%2e%2fsecret.wav", "%2e%2e", "..%5csecret.wav", "%252e%252e%252fsecret.wav",
    "%2fetc%2fpasswd", "a%00.wav", "..;%2fsecret.wav", "%c0%ae%c0%ae%2fsecret.wav", "x" * 3000,
)  # fmt: skip


@pytest.mark.fault("F66")
async def test_no_address_leads_out_of_the_store(shop: Shop, hub: Hub, fault: Fault) -> None:
    secret = Path(hub.installation.settings.recordings.store).parent / "secret.wav"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_bytes(SOUND)
    program, headers = shop.browser(), {"Authorization": f"Bearer {await shop.token('owner')}"}
    for place in ADDRESSES:
        for form in ("", "?form=../original"):
            address = URL(f"/api/v1/recordings/{place}/media{form}", encoded=True)
            answer = await program.get(address, headers=headers)
            said = await answer.read()
            fault.check(f"{place[:40]}{form}: {answer.status}", answer.status in (400, 404, 414, 422))
            assert said.find(PCM[:200]) < 0
    secret.unlink()


@pytest.mark.fault("F49")
async def test_a_full_disk_leaves_nothing_half_and_the_file_is_taken_when_there_is_room(
    hub: Hub, tmp_path: Path, fault: Fault
) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        spool = open_spool(hub, tmp_path / "spool", store=str(disk / "store"))
        filling = disk / "filling"
        filling.write_bytes(b"\0" * (14 * 1024**2))
        spool.write("done/long.wav", wav(tone(440, 200)))
        fault.check("it was taken onto a full disk", await spool.look() == 0)
        waiting = await spool.troubled()
        said = [(one.state, one.code) for one in waiting]
        fault.check(f"no alarm: {said}", said == [("failed", "storage.full")])
        fault.check(f"left over: {spool.in_store()}", spool.in_store() == [])
        fault.check("the file is gone from the spool", spool.in_spool() == ["done/long.wav"])
        fault.check("a broken recording is shown", await spool.recordings() == [])
        filling.unlink()
        spool.clock.advance(10)
        fault.check("it was not tried again", await spool.look() == 1)
        [made] = await spool.recordings()
        fault.check("it is not whole", made.duration_seconds == 200.0)


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A file system of so many megabytes."""
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        missing("A file system of our own size", "run it as root, with the right to mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.fault("F51")
@pytest.mark.parametrize("error", [errno.EIO, errno.EROFS], ids=["a broken disk", "mounted read-only"])
async def test_a_disk_that_refuses_to_confirm_takes_nothing_and_says_so(
    spool: Spool, fault: Fault, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(error, os.strerror(error))

    spool.write("done/a.wav")
    monkeypatch.setattr("recordings.store.os.fsync", refuse)
    fault.check("it was taken", await spool.look() == 0)
    fault.check("no alarm", [one.code for one in await spool.troubled()] == ["storage.away"])
    fault.check("it is shown", await spool.recordings() == [])
    monkeypatch.undo()
    spool.clock.advance(10)
    fault.check("it was not tried again", await spool.look() == 1)


async def test_a_spool_that_is_away_is_said_and_nothing_is_forgotten(hub: Hub, tmp_path: Path) -> None:
    spool = open_spool(hub, tmp_path / "spool")
    spool.write("done/a.wav")
    spool.root.rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable) as told:
        await spool.look()
    assert told.value.code == "spool.away"
    (tmp_path / "elsewhere").rename(spool.root)
    assert await spool.look() == 1


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.fault("F65")
async def test_a_kill_at_any_moment_loses_nothing_and_leaves_nothing(
    database_url: str, tmp_path: Path, fault: Fault
) -> None:
    database = database_url.removeprefix("sqlite+aiosqlite:///")
    [counted] = killed_at(database, tmp_path, [["count"]])
    fault.check(f"it has few steps: {counted}", counted["steps"] > 200)
    chance = fault.random("steps")
    steps = sorted(chance.randint(1, counted["steps"]) for _ in range(fault.count(full=186, sample=1)))
    points = [*map(list, fault.cases(POINTS, sample=2)), *([one] for one in steps)]
    wanted = {"recordings": 1, "state": "ready", "seconds": 2.0, "store": 2, "spool": 0}
    for told in killed_at(database, tmp_path, points):
        point = told.pop("point")
        # Threads do not always step alike: a last step may not be reached any more.
        is_killed = told.pop("ended") == -9 or (len(point) == 1 and point[0] > counted["steps"] * 0.8)
        told.pop("steps", None)
        fault.check(f"{point}: {told}", is_killed and told == wanted)


def killed_at(database: str, folder: Path, points: list[list[object]]) -> list[dict[str, Any]]:
    """What each kill and the start after it left."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.recordings.killed", database, str(folder)],
        input="".join(json.dumps(one) + "\n" for one in points), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-300:]
    return [json.loads(line) for line in done.stdout.splitlines()]


POINTS = [
    (name, when, nth)
    for name, nth in (
        ("recordings.spool.Spool.copy", 1), ("recordings.intake.examined", 1),
        ("recordings.store.LocalFolder.put", 1), ("recordings.store.LocalFolder.put", 2),
        ("recordings.service_taking.TakingService.store", 1),
        ("recordings.service_spool.SpoolService.settle", 1), ("recordings.spool.Spool.remove", 1),
    )
    for when in ("before", "after")
]  # fmt: skip
