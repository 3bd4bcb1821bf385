"""How a filled score card is counted, and why a recording is picked for review. No IO."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.errors import Invalid
from recordings.views_library import Question

MOST_QUESTIONS = 40
MOST_POINTS = 10
MOST_WEIGHT = 10
LONGEST_QUESTION = 300
PASSED = 70
"""Percent from which a score is shown as good; half of the way below it as fair."""

REASONS = ("missed_promise", "long_hold", "two_transfers", "new_employee", "random")
"""Why a recording is picked, the strongest first. A missed promise is told by tasks: nobody called back in
time; the last talk with that client is picked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What the answers come to. `percent` None: nothing that counts was answered."""

    percent: int | None
    is_failed: bool
    open: tuple[str, ...]
    """Keys of the questions that nobody has answered yet."""


def score(questions: Sequence[Question], answers: Mapping[str, int | None]) -> Score:
    """Points by weight, of what applies (None: does not apply). A required question without all of its
    points fails the card. Rounded half up."""
    got = best = 0
    is_failed = False
    for question in questions:
        points = answers.get(question.key)
        if points is None:
            continue
        got += points * question.weight
        best += question.most * question.weight
        is_failed = is_failed or (question.is_required and points < question.most)
    open_ones = tuple(one.key for one in questions if one.key not in answers)
    if not best:
        return Score(percent=None, is_failed=is_failed, open=open_ones)
    percent = 0 if is_failed else (got * 200 + best) // (2 * best)
    return Score(percent=percent, is_failed=is_failed, open=open_ones)


def clean_answers(questions: Sequence[Question], sent: Mapping[str, Any]) -> dict[str, int | None]:
    """Those of this card, in the questions' order. Raises Invalid for points that there are not."""
    found: dict[str, int | None] = {}
    for question in questions:
        if question.key not in sent:
            continue
        points = sent[question.key]
        is_number = isinstance(points, int) and not isinstance(points, bool)
        if points is not None and not (is_number and 0 <= points <= question.most):
            raise Invalid(
                "recordings.points", "There are not so many points.",
                "Choose one of the answers that the card offers.", fields={question.key: "No such answer."},
            )  # fmt: skip
        found[question.key] = points
    return found


def clean_questions(asked: Sequence[tuple[str, str, int, int, bool]]) -> tuple[Question, ...]:
    """Questions as (key, text, most, weight, is_required), checked; a new one has no key yet and gets the
    next free. Raises Invalid."""
    wanted = [
        (key, " ".join(text.split()), most, weight, is_required)
        for key, text, most, weight, is_required in asked
        if text.strip()
    ]
    if not wanted:
        raise Invalid(
            "recordings.no_questions", "A score card needs a question.", "Write at least one.",
            fields={"questions": "Write at least one."},
        )  # fmt: skip
    if len(wanted) > MOST_QUESTIONS or any(len(one[1]) > LONGEST_QUESTION for one in wanted):
        raise Invalid("recordings.long_card", "This score card is too long.", "Ask less, and shorter.")
    used = {one[0] for one in wanted if one[0]}
    if len(used) != len([one for one in wanted if one[0]]):
        raise Invalid("recordings.same_question", "A question is there twice.", "Give each its own key.")
    found, number = list[Question](), 0
    for key, text, most, weight, is_required in wanted:
        if not (1 <= most <= MOST_POINTS and 1 <= weight <= MOST_WEIGHT):
            raise Invalid(
                "recordings.card_points", "Points and weights are from 1 to 10.", "Choose smaller numbers."
            )
        while not key:
            number += 1
            key = f"q{number}" if f"q{number}" not in used else ""
        used.add(key)
        found.append(Question(key=key[:16], text=text, most=most, weight=weight, is_required=is_required))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the rules look at. `employee_days` is how long the newest of those who talked is with us; None:
    all were there before us."""

    recording_id: str
    hold_seconds: float
    transfers: int
    employee_days: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PickRules:
    """From when on a rule picks; 0 switches it off."""

    hold_seconds: float
    new_days: float
    random_percent: int


def reasons(told: Told, rules: PickRules) -> tuple[str, ...]:
    """Why it is picked; empty: it is not. The same facts always give the same."""
    found = {
        "long_hold": 0 < rules.hold_seconds <= told.hold_seconds,
        "two_transfers": told.transfers >= 2,
        "new_employee": told.employee_days is not None and told.employee_days < rules.new_days,
        "random": share_of(told.recording_id) < rules.random_percent,
    }
    return tuple(reason for reason in REASONS if found.get(reason))


def share_of(recording_id: str) -> int:
    """0 to 99, evenly, the same for one recording for ever: nobody can wish it into the queue or out."""
    return int.from_bytes(hashlib.sha256(recording_id.encode()).digest()[:8], "big") % 100
