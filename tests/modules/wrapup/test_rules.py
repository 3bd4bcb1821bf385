"""What a changed list of words means for the old one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.modules.wrapup.rules import DEFAULTS, LONGEST, MOST, faults, renewed, titles_in

WORDS = st.lists(st.sampled_from([f"word {n}" for n in range(12)]), unique=True, min_size=1, max_size=12)


def test_the_same_words_keep_their_id_wherever_they_stand() -> None:
    lines = renewed([("a", "Booked"), ("b", "Advice")], ["advice", "Booked"])
    assert [(line.id, line.title) for line in lines] == [("b", "advice"), ("a", "Booked")]


def test_other_words_at_the_same_place_are_the_old_ones_renamed() -> None:
    lines = renewed([("a", "Boked"), ("b", "Advice")], ["Booked", "Advice"])
    assert [line.id for line in lines] == ["a", "b"]


def test_words_in_between_are_new_and_take_nothing_over() -> None:
    lines = renewed([("a", "Booked"), ("b", "Advice")], ["Booked", "Towed", "Advice"])
    assert [line.id for line in lines] == ["a", None, "b"]


@given(old=WORDS, new=WORDS)
def test_no_id_is_given_twice_and_no_kept_word_loses_its_own(old: list[str], new: list[str]) -> None:
    known = [(f"id of {title}", title) for title in old]
    lines = renewed(known, new)
    assert [line.title for line in lines] == new
    ids = [line.id for line in lines if line.id is not None]
    assert len(ids) == len(set(ids))
    assert all(line.id == f"id of {line.title}" for line in lines if line.title in old)


def test_spaces_and_empty_lines_do_not_count() -> None:
    assert titles_in("  Booked \r\n\n tow   truck\n") == ["Booked", "tow truck"]


def test_a_list_that_cannot_be_is_told_why() -> None:
    assert "at least one" in faults([])
    assert "too many" in faults([f"w{n}" for n in range(MOST + 1)])
    assert "too long" in faults(["x" * (LONGEST + 1)])
    assert "too long" in faults(["a\u202eb"])
    assert "twice" in faults(["Booked", "booked"])
    assert faults(["Booked", "Advice"]) == ""


def test_what_a_new_shop_begins_with_is_a_good_list() -> None:
    for words in DEFAULTS.values():
        assert faults([word.title for word in words]) == ""
