"""`pitline new-connector NAME`."""

from __future__ import annotations

import argparse
from pathlib import Path

from connectors.catalogue import NAMES
from hub.cli.scaffold.checkout import Checkout
from hub.cli.scaffold.names import check_connector_name, in_capitals
from hub.reading import own_sections

CATALOGUE = "connectors/catalogue.py"
_WORDS = ("catalogue", "entry", "kit", "contract")


def new_connector(root: Path, arguments: argparse.Namespace) -> list[str]:
    """Write the connector; what a person is told. Raises HubError."""
    checkout = Checkout(root)
    name: str = arguments.name
    check_connector_name(name, taken(root))
    values = {"name": name, "Name": in_capitals(name), "NAME": name.upper()}
    checkout.fill("connector/code", Path(f"connectors/{name}"), values)
    checkout.fill("connector/tests", Path(f"tests/connectors/{name}"), values)
    checkout.add_lines(
        CATALOGUE,
        import_line=f"from connectors.{name}.entry import ENTRY as {name.upper()}",
        entry=name.upper(),
    )
    made = checkout.write()
    return [
        *made,
        f"{CATALOGUE}: two lines",
        "",
        f"The connector {name} is there, and off until HUB_{name.upper()}__ADDRESS is set.",
        f"Put a sample of yours into tests/connectors/{name}/recorded/ and make translate.py read it.",
        f"Try it (in .venv/bin): pytest tests/connectors/{name}; pitline check.",
    ]


def taken(root: Path) -> dict[str, str]:
    """Words that are a connector, a section of the settings or a file of the house already."""
    found = dict.fromkeys(_WORDS, "a name of the house")
    found |= {name: f"the section [{name}] of the settings" for name in own_sections()}
    for place in (root / "connectors", root / "tests/connectors"):
        found |= {path.stem: f"a folder or file of {place.name}" for path in place.iterdir()}
    return found | dict.fromkeys(NAMES, "a connector")
