"""What people paste as the place of their shop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.modules.access.rules_map import is_point, map_fault, map_link, point_in, show_point

PIN = (50.4501, 30.5234)


@pytest.mark.parametrize(
    "text",
    [
        "50.4501, 30.5234",
        " 50.4501 30.5234 ",
        "(50.4501,30.5234)",
        "50,4501; 30,5234",
        "50,4501, 30,5234",
        "geo:50.4501,30.5234?z=19",
        "https://www.google.com/maps/@50.4501,30.5234,17z",
        "https://www.google.com/maps/place/X/@50.1,30.1,17z/data=!3m1!4b1!3d50.4501!4d30.5234",
        "https://maps.google.com/?q=50.4501,30.5234",
        "https://www.google.com/maps?q=loc:50.4501,30.5234",
        "https://www.google.com/maps/search/?api=1&query=50.4501%2C30.5234",
        "https://www.openstreetmap.org/#map=17/50.4501/30.5234",
        "https://www.openstreetmap.org/?mlat=50.4501&mlon=30.5234#map=12/50.1/30.1",
        "https://maps.apple.com/?ll=50.4501,30.5234&q=STO",
        "https://waze.com/ul?ll=50.4501,30.5234",
        "https://yandex.ua/maps/?pt=30.5234,50.4501&z=16",
    ],
)
def test_a_point_is_found_in_what_maps_give_out(text: str) -> None:
    assert point_in(text) == PIN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "here",
        "91, 30",
        "50, 181",
        "50.4501",
        "https://example.com/",
        "https://maps.app.goo.gl/abc",
        "javascript:alert(50.4501,30.5234)",
        "https://[bad/@50,30",
        "nan, nan",
        "50.4501, 30.5234, 7" + "7" * 3000,
    ],
)
def test_what_is_no_place_is_none(text: str) -> None:
    assert point_in(text) is None


def test_a_short_link_is_told_apart() -> None:
    assert map_fault("https://maps.app.goo.gl/abc").startswith("A short link")
    assert map_fault("here").startswith("Paste")


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_what_is_shown_is_read_again_and_so_is_the_link(latitude: float, longitude: float) -> None:
    for text in (show_point(latitude, longitude), map_link(latitude, longitude)):
        found = point_in(text)
        assert found is not None
        assert found == pytest.approx((latitude, longitude), abs=1e-6)


@given(st.text(max_size=200))
def test_nothing_that_is_pasted_breaks_it(text: str) -> None:
    found = point_in(text) or point_in(f"https://maps.google.com/?q={text}")
    assert found is None or is_point(*found)
