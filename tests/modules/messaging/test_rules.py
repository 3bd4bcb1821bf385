"""Parts of an SMS, variables of templates, what a file is: pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.modules.messaging.rules import further, split_text
from hub.modules.messaging.rules_files import LONGEST_NAME, PICTURES, UNKNOWN, clean_name, kind_of
from hub.modules.messaging.rules_sms import BASIC, EXTENSION, JOINED, SINGLE, sms_count, sms_price
from hub.modules.messaging.rules_templates import filled, unknown_in, variables_in

GSM = st.text(alphabet=st.sampled_from(sorted(BASIC | EXTENSION)), max_size=700)
ANY = st.text(max_size=400)


@pytest.mark.parametrize(
    ("text", "encoding", "parts", "left"),
    [
        ("", "gsm7", 0, 160),
        ("a" * 160, "gsm7", 1, 0),
        ("a" * 161, "gsm7", 2, 145),
        ("a" * 306, "gsm7", 2, 0),
        ("€" * 80, "gsm7", 1, 0),
        ("€" * 81, "gsm7", 2, 143),
        ("a" * 152 + "€" + "a" * 10, "gsm7", 2, 141),
        ("ї" * 70, "ucs2", 1, 0),
        ("ї" * 71, "ucs2", 2, 63),
        ("ї" * 134, "ucs2", 2, 0),
        ("🚗" * 35, "ucs2", 1, 0),
        ("ї" * 66 + "🚗" + "ї" * 5, "ucs2", 2, 60),
    ],
)
def test_a_text_is_cut_as_the_networks_cut_it(text: str, encoding: str, parts: int, left: int) -> None:
    counted = sms_count(text)
    assert (counted.encoding, counted.parts, counted.left) == (encoding, parts, left)


@given(GSM)
def test_what_the_old_alphabet_has_is_never_unicode(text: str) -> None:
    counted = sms_count(text)
    assert counted.encoding == "gsm7"
    assert counted.odd == ""
    assert counted.units == len(text) + sum(c in EXTENSION for c in text)


@given(ANY)
def test_the_parts_hold_the_text_and_none_is_to_spare(text: str) -> None:
    counted = sms_count(text)
    room = SINGLE[counted.encoding] if counted.parts <= 1 else JOINED[counted.encoding]
    assert counted.units <= counted.parts * room
    # A character of two units may leave one free at the end of each part.
    assert counted.parts <= 1 or counted.units > (counted.parts - 1) * (room - 1)
    assert 0 <= counted.left <= SINGLE[counted.encoding]


@given(ANY, st.characters())
def test_a_longer_text_never_has_fewer_parts(text: str, more: str) -> None:
    assert sms_count(text + more).parts >= sms_count(text).parts


def test_the_price_is_by_parts_and_absent_where_none_is_set() -> None:
    assert sms_price(3, 0.845) == "2.54"
    assert sms_price(3, 0.0) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_value_is_put_in_as_it_is_and_never_looked_into(name: str, car: str) -> None:
    text, missing = filled("{name} / {car}", {"name": name, "car": car})
    whole = f"{name.strip() or '{name}'} / {car.strip() or '{car}'}"
    assert text == whole
    assert set(missing) == {k for k, v in (("name", name), ("car", car)) if not v.strip()}


@pytest.mark.parametrize(
    "text", ["{{7*7}}", "{% if x %}", "${name}", "{name!r}", "{0}", "%(name)s", "{name.__class__}"]
)
def test_only_our_own_variables_are_variables(text: str) -> None:
    assert "49" not in filled(text, {"name": "Iryna"})[0]
    assert "class" not in filled(text, {"name": "Iryna"})[0].replace("__class__", "")


def test_a_variable_that_nobody_can_fill_in_is_found() -> None:
    assert variables_in("{name}, {car} {name}") == ("name", "car")
    assert unknown_in("{name} {salary}") == ("salary",)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        (b"RIFF1234WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<svg onload=alert(1)>", UNKNOWN),
        (b"<html><script>", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_a_file_is_what_its_bytes_say(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind


@given(st.binary(max_size=64))
def test_no_bytes_make_a_type_that_a_browser_runs(data: bytes) -> None:
    kind = kind_of(data)
    assert kind in PICTURES or kind.split("/")[0] in ("application", "audio", "video") or kind == "image/heic"


@given(st.text(max_size=300))
def test_a_name_leads_nowhere(name: str) -> None:
    clean = clean_name(name)
    assert 0 < len(clean) <= LONGEST_NAME
    assert not set(clean) & set('<>:"/\\|?*\x00\n\r')
    assert clean.isprintable()


@given(st.text(max_size=400), st.integers(min_value=2, max_value=50))
def test_pieces_are_short_enough_and_lose_nothing_but_space(text: str, longest: int) -> None:
    pieces = split_text(text, longest)
    assert all(len(piece.encode("utf-16-le", "surrogatepass")) // 2 <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


STATES = st.sampled_from(["queued", "sending", "unknown", "sent", "delivered", "read", "failed"])
TOLD = st.sampled_from(["sent", "delivered", "read", "failed"])


@given(STATES, st.lists(TOLD, max_size=8))
def test_whatever_is_told_in_whatever_order_nothing_goes_back(state: str, told: list[str]) -> None:
    seen = [state]
    for one in told:
        if further(seen[-1], one):
            seen.append(one)
    assert len(seen) == len(set(seen))
    assert seen.count("failed") == 0 or seen[-1] == "failed"
