"""The packages: which function of the price matrix is in which. Data: config/plans.toml."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hub.errors import Invalid, NotAllowed

BASIS = "basis"
"""In place of a function: what every package has, because nothing works without it (signing in, rights,
the state of the system, the API)."""
_HERE = Path(__file__).resolve()
_PLACES = (_HERE.parents[2] / "config" / "plans.toml", _HERE.with_name("plans.toml"))
"""In a checkout; in an installed program."""


@dataclass(frozen=True, slots=True)
class Plans:
    """`titles`: package to what it is called, the smallest first; `features`: function to the packages
    that have it, the smallest first; `names`: function to what it is called, `sections` likewise, by the
    number before the dot (English source texts)."""

    titles: Mapping[str, str]
    features: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    sections: Mapping[str, str]

    def has(self, plan: str, feature: str) -> bool:
        """Whether the package has the function; what names none, or BASIS, is in every package."""
        return feature in ("", BASIS) or plan in self.features[feature]

    def demand(self, plan: str, feature: str) -> None:
        """Raises NotAllowed (`plan.not_included`), which names the smallest package that has it."""
        if self.has(plan, feature):
            return
        wanted = self.features[feature][0]
        raise NotAllowed(
            "plan.not_included",
            "This is not in your package {plan}: the package {wanted} has it.",
            "The owner can change the package: HUB_SHOP__PLAN in the settings, then a new start.",
            data={
                "plan": self.titles[plan],
                "wanted": self.titles[wanted],
                "package": wanted,
                "feature": feature,
            },
        )

    def check_plan(self, plan: str) -> None:
        """Raises Invalid for a package that there is not."""
        if plan not in self.titles:
            nearest = difflib.get_close_matches(plan, self.titles, n=1, cutoff=0.0)[0]
            raise Invalid(
                "settings.invalid", f"HUB_SHOP__PLAN knows no package {plan!r}.", f"Did you mean {nearest}?"
            )


@cache
def load_plans() -> Plans:
    """Read the packages, once. Raises Invalid when the file is missing or names an unknown package."""
    path = next((place for place in _PLACES if place.is_file()), None)
    if path is None:
        raise Invalid("plans.missing", "There is no config/plans.toml.", "Install the program again.")
    with path.open("rb") as file:
        document = tomllib.load(file)
    titles = {plan["name"]: plan["title"] for plan in document["plans"]}
    features: dict[str, tuple[str, ...]] = {}
    for name, feature in document["features"].items():
        strangers = set(feature["plans"]) - set(titles)
        if strangers or not feature["plans"]:
            raise Invalid(
                "plans.wrong",
                f"The function {name} in config/plans.toml is in no package that there is.",
                f"Mend it: {', '.join(titles)}.",
            )
        features[name] = tuple(plan for plan in titles if plan in feature["plans"])
    names = {name: str(feature["title"]) for name, feature in document["features"].items()}
    return Plans(titles, features, names, document["sections"])
