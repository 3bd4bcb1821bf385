"""Numbers as `hub.values` writes them."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from hub.values import PhoneNumber

_REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def numbers_of(region: str) -> set[str]:
    """An example of each kind that the plan of a region knows, as people there write it."""
    found = (phonenumbers.example_number_for_type(region, kind) for kind in PhoneNumberType.values())
    return {phonenumbers.format_number(one, PhoneNumberFormat.NATIONAL) for one in found if one is not None}


def test_a_number_that_was_written_in_e164_is_itself_wherever_it_is_read_again() -> None:
    """Whoever reads it a second time is not made to wait for the number plans."""
    written = {
        str(number)
        for region in _REGIONS
        for text in numbers_of(region)
        if (number := PhoneNumber.parse(text, region)) is not None
    }
    assert len(written) > 500
    for text in written:
        by_the_plans = phonenumbers.parse(text, "UA")
        assert phonenumbers.is_valid_number(by_the_plans)
        assert phonenumbers.format_number(by_the_plans, PhoneNumberFormat.E164) == text
        assert str(PhoneNumber.parse(text, "UA")) == text


def test_a_number_is_read_by_the_country_it_comes_from_although_the_digits_were_seen_elsewhere() -> None:
    assert str(PhoneNumber.parse("0501234567", "UA")) == "+380501234567"
    assert str(PhoneNumber.parse("+380501234567", "PL")) == "+380501234567"
    assert PhoneNumber.parse("501234567", "PL") != PhoneNumber.parse("501234567", "UA")
