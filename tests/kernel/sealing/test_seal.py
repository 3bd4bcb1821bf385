"""What is sealed opens in its own place, with its own key, unchanged; nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Invalid, Unavailable
from hub.kernel.sealing.keys import KEY_BYTES, Key, KeyStore, new_key, parse_keys, written
from hub.kernel.sealing.seal import Seal, is_sealed, key_id_of, place_of

PLACE = place_of("access_factors", "secret", "olena")


def seal_of(*keys: Key) -> Seal:
    made = Seal(KeyStore(None, ",".join(key.text() for key in keys)))
    made.unlock(keys, keys[0].id)
    return made


@given(text=st.text(), row_id=st.text(max_size=30))
def test_what_is_sealed_opens_again_and_looks_different_each_time(text: str, row_id: str) -> None:
    seal, place = seal_of(new_key()), place_of("webhooks_endpoints", "sealed_secret", row_id)
    sealed = seal.close(text, place)
    assert seal.open(sealed, place) == text
    assert sealed != seal.close(text, place)
    assert is_sealed(sealed.encode())
    assert key_id_of(sealed.encode()) == seal.current


@given(place=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=127))
def test_a_changed_character_is_noticed(place: int, flip: int) -> None:
    seal = seal_of(new_key())
    sealed = seal.close_bytes(b"GEZDGNBVGY3TQOJQ", PLACE)
    changed = bytearray(sealed)
    changed[place % len(sealed)] ^= flip
    with pytest.raises(Unavailable):
        seal.open_bytes(bytes(changed), PLACE)


def test_a_seed_cannot_be_moved_to_somebody_else_nor_to_another_column() -> None:
    seal = seal_of(new_key())
    sealed = seal.close("GEZDGNBVGY3TQOJQ", PLACE)
    for other in (
        place_of("access_factors", "secret", "borys"),
        place_of("access_people", "secret", "olena"),
    ):
        with pytest.raises(Unavailable) as caught:
            seal.open(sealed, other)
        assert caught.value.code == "seal.damaged"


def test_what_was_never_sealed_is_not_taken_for_a_secret() -> None:
    with pytest.raises(Unavailable) as caught:
        seal_of(new_key()).open("GEZDGNBVGY3TQOJQ", PLACE)
    assert caught.value.code == "seal.damaged"


def test_another_key_opens_nothing_and_the_one_that_is_missing_is_named() -> None:
    first, second = new_key(), new_key()
    sealed = seal_of(first).close("hush", PLACE)
    with pytest.raises(Unavailable) as caught:
        seal_of(second).open(sealed, PLACE)
    assert caught.value.code == "seal.key_missing"
    assert caught.value.data["key"] == first.id
    assert seal_of(second, first).open(sealed, PLACE) == "hush"


@given(keys=st.lists(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), max_size=5, unique=True))
def test_a_key_file_says_what_was_written_into_it(keys: list[bytes]) -> None:
    made = [Key(raw) for raw in keys]
    assert list(parse_keys(written(made), "it")) == made
    assert list(parse_keys(",".join(key.text() for key in made), "it")) == made


@pytest.mark.parametrize("text", ["abc", "A" * 43, "A" * 44, "ключ", f"{'A' * 43}= {'B' * 42}"])
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_keys(text, "the file")
    assert caught.value.code == "seal.bad_key"
    assert text not in caught.value.text


def test_neither_a_key_nor_where_it_is_given_shows_itself(tmp_path: Path) -> None:
    key = new_key()
    shown = repr(key) + repr(KeyStore(tmp_path / "key", key.text())) + repr(seal_of(key))
    assert key.text() not in shown
    assert repr(key.raw) not in shown
