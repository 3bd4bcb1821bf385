"""Twilio's requests: repeated, forged, cut anew, awkward, late, in a flood, and broken."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import methodcaller
from pathlib import Path
from random import Random
from typing import TypedDict
from urllib.parse import parse_qsl, quote_plus, unquote_plus, urlsplit

import pytest

from connectors.twilio_sms.config import STATUS_PATH
from hub.clock import FrozenClock
from hub.settings import HooksSettings, Settings
from tests.connectors.twilio_sms.stage import OLD_TOKEN, PUBLIC, TOKEN, sample, signature
from tests.faults.figures import Fault
from tests.faults.sms_shop import SmsShop, form, sms_shop

pytestmark = pytest.mark.slow
TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
SMS = sample("sms")
SID = "SM0123456789abcdef0123456789abcdef"


@pytest.fixture
async def shop(settings: Settings, tmp_path: Path) -> AsyncIterator[SmsShop]:
    async with sms_shop(settings, tmp_path) as made:
        yield made


@pytest.mark.fault("F22")
async def test_a_request_that_comes_again_is_one_message_and_told_the_same(
    shop: SmsShop, fault: Fault
) -> None:
    numbers = range(fault.count(full=1000, sample=25))
    for number in numbers:
        body = form(number)
        answers = [await shop.send(body)]
        answers += await asyncio.gather(shop.send(body), shop.send(body), shop.send(form(number, "x")))
        fault.check(f"{number} was told otherwise", set(answers) == {(200, TWIML)})
    await shop.worked(120)
    await asyncio.gather(*[shop.send(form(number)) for number in numbers])
    await shop.worked(120)
    found = await shop.messages()
    fault.measure("doubled", sum(count - 1 for count in found.values()), 0)
    fault.measure("lost", len(numbers) - len(found), 0)


@pytest.mark.fault("F22")
async def test_a_repeat_after_a_restart_and_after_the_facts_are_pruned_is_silence(
    settings: Settings, tmp_path: Path
) -> None:
    for _ in range(2):
        async with sms_shop(settings, tmp_path) as shop:
            assert await shop.send(SMS) == (200, TWIML)
            await shop.worked()
            assert await shop.messages() == {SID: 1}
            for table in ("event_delivery", "event_outbox"):
                await shop.hub.database.write(methodcaller("exec_driver_sql", f"DELETE FROM {table}"))


class Forgery(TypedDict, total=False):
    """What a request is sent with, by the names of `SmsShop.send`."""

    signed: str
    query: str
    path: str
    public: str
    token: str


def forged(body: str) -> list[Forgery]:
    """Signatures of this request that are none, of others, or of something else."""
    right = signature(f"{PUBLIC}/hooks/twilio/sms", body)
    found: list[Forgery] = [{"signed": text} for text in ("", " ", "x", "=", "A" * 28, "é" * 20, "A" * 4000)]
    found += [
        {"signed": right[:place] + "A" + right[place + 1 :]} for place in range(27) if right[place] != "A"
    ]
    found += [{"signed": right, "query": query} for query in ("a=1", "Body=x", "%00")]
    found += [{"signed": right, "path": STATUS_PATH}]
    publics = (
        "http://shop.example",
        "https://shop.example.evil",
        "https://evil.example",
        "https://SHOP.example/",
    )
    found += [{"public": public} for public in publics]
    found += [{"token": token} for token in ("", "wrong", TOKEN.upper(), TOKEN + " ")]
    return found


@pytest.mark.fault("F23", "F43")
async def test_what_is_forged_is_refused_and_kept_apart(shop: SmsShop, fault: Fault) -> None:
    for number, chance in enumerate(fault.runs(full=500, sample=20)):
        body = form(number)
        case = chance.choice(forged(body))
        status, _ = await shop.send(body, **case)
        fault.check(f"{case} was answered {status}", status == 403)
    await shop.worked()
    fault.measure("accepted", sum((await shop.messages()).values()), 0)
    assert await shop.refused() > 0
    assert await shop.send(SMS) == (200, TWIML)


def resplit(body: str, chance: Random) -> str:
    """The same signed string with its borders elsewhere."""
    pairs = [part.split("=", 1) for part in body.split("&")]
    fields = sorted((name, unquote_plus(value)) for name, value in pairs)
    place = chance.randrange(len(fields))
    name, value = fields[place]
    kind = chance.randrange(4)
    if kind == 0 and len(name) > 1:
        cut = chance.randrange(1, len(name))
        fields[place] = (name[:cut], name[cut:] + value)
    elif kind == 1 and value:
        cut = chance.randrange(1, len(value) + 1)
        fields[place] = (name + value[:cut], value[cut:])
    elif kind == 2 and place + 1 < len(fields):
        after, rest = fields.pop(place + 1)
        fields[place] = (name, value + after + rest)
    else:
        fields.append((name, value))
    chance.shuffle(fields)
    return "&".join(f"{quote_plus(one)}={quote_plus(other)}" for one, other in fields)


@pytest.mark.fault("F24")
@pytest.mark.parametrize("is_first", [True, False], ids=["after the genuine one", "before it"])
async def test_a_captured_request_cut_anew_has_no_effect_of_its_own(
    shop: SmsShop, fault: Fault, is_first: bool
) -> None:
    signed = signature(f"{PUBLIC}/hooks/twilio/sms", SMS)
    if is_first:
        await shop.send(SMS)
    ways = (resplit(SMS, fault.random(number)) for number in itertools.count())
    alike = (body for body in ways if signature(f"{PUBLIC}/hooks/twilio/sms", body) == signed)
    for body in itertools.islice(alike, fault.count(full=100, sample=40)):
        status, _ = await shop.send(body, signed=signed)
        fault.check(f"{body} was answered {status}", status in (200, 403))
    await shop.send(SMS)
    await shop.worked()
    found = await shop.messages()
    fault.measure("effects", sum(found.values()), 1)
    fault.check("the message is the one that was signed", set(found) == {SID})


def awkward() -> list[tuple[str, str, str, str]]:
    """Body, query, token, public address: 40 genuine shapes."""
    service = {"MessagingServiceSid": "MG" + "1" * 32, "To": "+380445559999"}  # another number of its pool
    media = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME"
    files = {"NumMedia": "2"} | {f"MediaUrl{n}": f"{media}{n}" for n in range(2)}
    kinds = ({}, service, files, {"Body": ""}, {"Body": "😀\u202e", "Новe": "і", "Body2": "-"})
    shapes = itertools.product(kinds, ("", "shop=1&x=%D1%96"), (TOKEN, OLD_TOKEN), (PUBLIC, PUBLIC + ":443"))
    return [
        (form(1000 + number, **kind), query, token, public)  # type: ignore[arg-type]  # text to text
        for number, (kind, query, token, public) in enumerate(shapes)
    ]


@pytest.mark.fault("F25")
async def test_every_genuine_shape_is_taken(shop: SmsShop, fault: Fault) -> None:
    shapes = awkward()
    for body, query, token, public in shapes:
        status, _ = await shop.send(body, query=query, token=token, public=public)
        fault.check(f"{body} {query} {public} was answered {status}", status == 200)
    doubled = form(1) + "&MediaUrl0=b&MediaUrl0=a"
    fault.check("repeated files", (await shop.send(doubled))[0] == 200)
    await shop.worked(60)
    fault.measure("lost", len(shapes) + 1 - len(await shop.messages()), 0)


@pytest.mark.fault("F26")
async def test_what_a_request_says_of_its_host_is_not_believed(shop: SmsShop, fault: Fault) -> None:
    says = (
        {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Proto": "http"}, {"Host": "evil.example"},
        {"X-Forwarded-For": "54.1.2.3, 127.0.0.1"}, {"Forwarded": "host=evil.example;proto=http"},
        {"X-Original-URL": "/hooks/twilio/sms"}, {"X-Forwarded-Port": "8080"}, {"X-Forwarded-For": "nobody"},
    )  # fmt: skip
    for number, headers in enumerate(says):
        for public in ("http://evil.example", "https://evil.example", "http://shop.example"):
            status, _ = await shop.send(form(number), public=public, headers=headers)
            fault.check(f"{headers} signed for {public}: {status}", status == 403)
        status, _ = await shop.send(form(number), headers=headers)
        fault.check(f"{headers} refused a genuine one: {status}", status == 200)


@pytest.mark.fault("F27")
@pytest.mark.parametrize("hours", [-26, 26])
async def test_a_wrong_clock_refuses_nothing(
    settings: Settings, tmp_path: Path, hours: int, fault: Fault
) -> None:
    clock = FrozenClock(datetime.now(UTC) + timedelta(hours=hours))
    async with sms_shop(settings, tmp_path, clock) as shop:
        statuses = [(await shop.send(form(number)))[0] for number in range(20)]
        clock.advance(-3600)
        statuses += [(await shop.send(form(number)))[0] for number in range(10, 30)]
        fault.check(f"answered {statuses}", set(statuses) == {200})
        await shop.worked()
        fault.measure("lost", 30 - len(await shop.messages()), 0)


@pytest.mark.fault("F30")
async def test_the_fall_back_address_is_the_same_message(shop: SmsShop, fault: Fault) -> None:
    numbers = range(fault.count(full=200, sample=20))
    for number in numbers:
        failed = "ErrorCode=11200&ErrorUrl=x"
        first, second = await asyncio.gather(
            shop.send(form(number)), shop.send(form(number, ErrorUrl="x"), query=failed)
        )
        fault.check(f"{number}: {first} {second}", (first[0], second[0]) == (200, 200))
    await shop.worked(60)
    found = await shop.messages()
    fault.check("one message each", set(found.values()) == {1} and len(found) == len(numbers))


@pytest.mark.fault("F32")
async def test_what_is_huge_or_slow_is_cut_off_and_the_others_are_served(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    settings = replace(settings, hooks=HooksSettings(body_seconds=0.5))
    async with sms_shop(settings, tmp_path) as shop:
        numbers = itertools.count()
        alone = [await _waited(shop, form(next(numbers))) for _ in range(100)]
        many = "&".join(f"a{number}=1" for number in range(10_000))
        for huge in ("Body=" + "x" * 5_000_000, many):  # what sending them takes is taken once
            await shop.send(huge)
        before, beside = _resident(), list[float]()
        for _ in range(fault.count(full=20, sample=1)):
            slow = [asyncio.create_task(_slowly(shop)) for _ in range(20)]
            fault.check("5 MB", (await shop.send("Body=" + "x" * 5_000_000))[0] == 413)
            fault.check("10,000 parameters", (await shop.send(many))[0] == 413)
            deep = "".join(
                f"--{n}\r\nContent-Type: multipart/mixed; boundary={n + 1}\r\n\r\n" for n in range(500)
            )
            multipart = {"Content-Type": "multipart/form-data; boundary=0"}
            fault.check("deep multipart", (await shop.send(deep, signed="x", headers=multipart))[0] == 403)
            beside += [await _waited(shop, form(next(numbers))) for _ in range(40)]
            for answer in await asyncio.gather(*slow):
                fault.check(f"one byte at a time: {answer!r}", b" 408 " in answer)
        # Below a quarter of a second it is the machine's noise that differs.
        fault.measure("p99 beside", _p99(beside), max(2 * _p99(alone), 0.25), " s")
        fault.measure("memory", (_resident() - before) / 2**20, 20, " MB")


async def _waited(shop: SmsShop, body: str) -> float:
    began = time.monotonic()
    assert (await shop.send(body))[0] == 200
    return time.monotonic() - began


def _p99(waits: list[float]) -> float:
    return sorted(waits)[len(waits) * 99 // 100]


def _resident() -> int:
    """Bytes in memory, of the hub and of whoever sends."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def _slowly(shop: SmsShop) -> bytes:
    parts = urlsplit(shop.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(b"POST /hooks/twilio/sms HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    answer = b""
    for _ in range(100):
        try:
            async with asyncio.timeout(0.1):
                piece = await reader.read(1000)
        except TimeoutError:
            writer.write(b"x")
            continue
        answer += piece
        if not piece:
            break
    writer.close()
    return answer


def broken_texts(chance: Random) -> list[bytes]:
    """What is no text, or hardly."""
    whole = [
        b"\xff\xfe", b"\xd1", b"\xed\xa0\x80", b"\xed\xb0\x80", b"\x00", b"a\x00b", b"\xe2\x80\xae",
        b"\xe2\x80\x8b", b"\xf0\x9f\x98\x80", b"\xf0\x9f", b"\xd8\x3d", b"\xc0\x80",
        b"\xf8\x88\x80\x80\x80", b"\xef\xbf\xbf", b"\x1b[2J",
    ]  # fmt: skip
    return whole + [chance.randbytes(chance.randrange(1, 60)) for _ in range(185)]


@pytest.mark.fault("F33")
async def test_broken_text_is_stored_and_shown_and_its_bytes_are_kept(shop: SmsShop, fault: Fault) -> None:
    texts = fault.cases(broken_texts(fault.random("texts")), sample=60)
    sent: dict[str, bytes] = {}
    for number, raw in enumerate(texts):
        escaped = "".join(f"%{byte:02X}" for byte in raw)
        body = form(number, "MARK").replace("MARK", escaped)
        status, _ = await shop.send(body, signed=_signed_bytes(body))
        fault.check(f"{raw!r} was answered {status}", status == 200)
        sent[f"SM{number:032x}"] = body.encode()
    await shop.worked(60)
    fault.check("the bytes are kept", await shop.bodies() == sent)
    fault.measure("lost", len(texts) - len(await shop.messages()), 0)


def _signed_bytes(body: str) -> str:
    """What a signer makes of bytes that are no text: the bytes themselves."""
    pairs = parse_qsl(body, keep_blank_values=True, encoding="latin-1")
    covered = f"{PUBLIC}/hooks/twilio/sms" + "".join(name + value for name, value in sorted(pairs))
    made = hmac.new(TOKEN.encode(), covered.encode("latin-1"), hashlib.sha1).digest()
    return base64.b64encode(made).decode()
