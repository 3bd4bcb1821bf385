"""What Pitline is built of: how old it is, what has a successor, and its bill of materials.

`make dependencies` in a checkout; the rules stand in config/dependencies.md."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

LONGEST_UNSEEN_DAYS = 30
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """An entry of the inventory, and the version that is here (None: not installed)."""

    name: str
    kind: str
    licence: str
    newest: str
    is_risky: bool
    successor: str
    held: str
    here: str | None

    @property
    def trouble(self) -> str:
        """What is wrong with it; empty when nothing is."""
        if self.successor:
            return f"has a successor: {self.successor}"
        if self.here is not None and _parts(self.here) < _parts(self.newest) and not self.held:
            return f"behind {self.newest}"
        return ""


def inventory() -> tuple[date, list[Dependency]]:
    """When it was last looked at, and what stands in it."""
    text = tomllib.loads((_ROOT / "config/dependencies.toml").read_text(encoding="utf-8"))
    lock = {name: entry["version"] for name, entry in _npm()}
    found = [
        Dependency(
            name=name, kind=kind, licence=entry["licence"], newest=entry["newest"], is_risky=entry["risky"],
            successor=entry["successor"], held=entry.get("held", ""),
            here=_installed(name) if kind == "python" else lock.get(name),
        )
        for kind in ("python", "npm")
        for name, entry in text[kind].items()
    ]  # fmt: skip
    return text["looked_on"], found


def bill_of_materials() -> dict[str, Any]:
    """CycloneDX 1.6: every distribution of this environment and every package of the npm lock."""
    python = [
        {
            "type": "library", "name": one.name, "version": one.version,
            "purl": f"pkg:pypi/{re.sub(r'[-_.]+', '-', one.name).lower()}@{one.version}", **_licence(one),
        }
        for one in sorted(distributions(), key=lambda one: one.name.lower())
        if one.name != "pitline"
    ]  # fmt: skip
    npm = [
        {
            "type": "library", "name": name, "version": entry["version"],
            "purl": f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}",
            "licenses": [{"expression": entry["license"]}],
            "properties": [{"name": "npm:integrity", "value": entry["integrity"]}],
        }
        for name, entry in _npm()
    ]  # fmt: skip
    about = {"type": "application", "name": "pitline", "version": _installed("pitline") or "checkout"}
    stamp = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"timestamp": stamp, "component": about}, "components": [*python, *npm],
    }  # fmt: skip


def main() -> int:
    """The table; exit code 1 when something is behind, has a successor, or was not looked at for long."""
    parser = argparse.ArgumentParser(prog="make dependencies", description=__doc__)
    parser.add_argument("--ask", action="store_true", help="ask the package index what is newer today")
    parser.add_argument("--sbom", type=Path, help="write the bill of materials to this file")
    options = parser.parse_args()
    if options.sbom is not None:
        options.sbom.write_text(json.dumps(bill_of_materials(), indent=1) + "\n", encoding="utf-8")
    looked_on, found = inventory()
    for one in found:
        said = one.trouble or (f"held: {one.held}" if one.held else "")
        risky = "risky" if one.is_risky else ""
        print(f"{one.name:16} {one.here or 'not here':14} newest seen {one.newest:14} {risky:6} {said}")
    days = (datetime.now(UTC).date() - looked_on).days
    print(f"Looked at {looked_on}, {days} days ago.")
    if options.ask:
        print(*_newer(), sep="\n")
    return int(days > LONGEST_UNSEEN_DAYS or any(one.trouble for one in found))


def _newer() -> Iterator[str]:
    command = [sys.executable, "-m", "pip", "list", "--outdated", "--format=json"]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout  # noqa: S603 - our words
    for one in json.loads(said):
        yield f"{one['name']}: {one['version']} here, {one['latest_version']} is out"


def _npm() -> Iterator[tuple[str, Mapping[str, Any]]]:
    path = _ROOT / "webui/assets/package-lock.json"
    for place, entry in json.loads(path.read_text(encoding="utf-8"))["packages"].items():
        if place:
            yield place.rpartition("node_modules/")[2], entry


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _licence(one: Distribution) -> dict[str, Any]:
    if told := one.metadata.get_all("License-Expression"):
        return {"licenses": [{"expression": told[0]}]}
    classes = [line for line in one.metadata.get_all("Classifier") or () if line.startswith("License ::")]
    names = [line.rpartition(" :: ")[2] for line in classes]
    return {"licenses": [{"license": {"name": name}} for name in names]} if names else {}


def _parts(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


if __name__ == "__main__":
    sys.exit(main())
