"""A number on a page is called by a click: printed by `phone_link`, or with a `dial_link` beside it."""

from __future__ import annotations

import re

from hub.main import MODULES
from tests.webui.extraction import ROOT

PLAIN = re.compile(r"\{\{[^}]*?\|\s*phone\b[^}]*\}\}")
NOT_READ = re.compile(r"<option.*?</option>|(?:title|aria-label)=\"[^\"]*\"", re.DOTALL)
KNOWN = {
    # A line of the shop's own, or one's own phone: nobody rings that.
    "calls/lines.html": 2, "calls/words.html": 2, "calls/call_body.html": 3, "reports/lost.html": 1,
    "reports/calls.html": 1, "dialling/settings.html": 1, "recordings/list_rows.html": 1, "desk/card.html": 1,
    # Inside another link or a choice; the page that it leads to has the number.
    "crm/role_form.html": 1, "crm/vehicle_form.html": 1, "crm/merge.html": 1, "messaging/list.html": 1,
    "messaging/results.html": 1,
    # With a key of its own beside it.
    "messaging/thread.html": 2, "recordings/words.html": 1,
    # On the line now, and told so.
    "dialling/hearing.html": 1, "dialling/steer.html": 1,
    # Whom a form is about: they ask to be forgotten, not to be rung.
    "crm/ask_erasure.html": 3, "crm/erase_number.html": 3,
    # A television takes no clicks.
    "queues/wall_board.html": 1,
    # The macros themselves.
    "templates/macros.html": 2,
}  # fmt: skip


def test_no_page_prints_a_number_that_a_click_does_not_call() -> None:
    folders = [ROOT / "webui/templates", *(module.folder / "templates" for module in MODULES)]
    found = {}
    for folder in folders:
        for path in folder.rglob("*.html"):
            plain = len(PLAIN.findall(NOT_READ.sub("", path.read_text())))
            if plain:
                found["/".join(path.parts[-2:])] = plain
    assert found == KNOWN
