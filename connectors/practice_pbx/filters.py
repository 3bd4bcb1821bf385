"""Event filters of a session, as Asterisk 22's `Filter` action takes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.practice_pbx.model import Headers

_PART = re.compile(r"(action|name|header|method)\(([^)]*)\)")
_METHODS = ("regex", "exact", "starts_with", "ends_with", "contains", "none")


class BadFilter(ValueError):
    """A filter that cannot be understood; the text is Asterisk's answer."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One rule: which event (empty: any), which header (empty: the whole message), what in it."""

    excludes: bool
    event: str
    header: str
    method: str
    text: str

    def matches(self, name: str, message: Headers) -> bool:
        """Whether the event falls under the rule."""
        if self.event and self.event != name:
            return False
        if not self.text:
            return True
        if self.header:
            value = next((v for key, v in message if key.lower() == self.header.lower()), "")
        else:
            value = "\r\n".join(f"{key}: {v}" for key, v in message)
        return self._found_in(value)

    def _found_in(self, value: str) -> bool:
        if self.method == "regex":
            return re.search(self.text, value) is not None
        if self.method == "exact":
            return value == self.text
        if self.method == "starts_with":
            return value.startswith(self.text)
        if self.method == "ends_with":
            return value.endswith(self.text)
        return self.text in value


def parse_filter(criteria: str, text: str) -> Filter:
    """A filter from MatchCriteria and Filter. Raises BadFilter with what Asterisk would say."""
    if not criteria:
        return _checked(Filter(text.startswith("!"), "", "", "regex", text.removeprefix("!")))
    if _PART.sub("", criteria).strip(", "):
        raise BadFilter("Filter was formatted incorrectly.  Check the syntax of the filter given.")
    parts = dict(_PART.findall(criteria))
    method = parts.get("method", "exact" if "header" in parts and text else "regex" if text else "none")
    if method not in _METHODS or parts.get("action", "include") not in ("include", "exclude"):
        raise BadFilter("Filter was formatted incorrectly.  Check the syntax of the filter given.")
    excludes = parts.get("action") == "exclude"
    return _checked(Filter(excludes, parts.get("name", ""), parts.get("header", ""), method, text))


def _checked(rule: Filter) -> Filter:
    if rule.method == "regex":
        try:
            re.compile(rule.text)
        except re.error as error:
            raise BadFilter("Filter did not compile.  Check the syntax of the filter given.") from error
    return rule


def lets_through(rules: list[Filter], name: str, message: Headers) -> bool:
    """Whether an event passes: an inclusion must match where there is one, no exclusion may."""
    included = [rule for rule in rules if not rule.excludes]
    if included and not any(rule.matches(name, message) for rule in included):
        return False
    return not any(rule.matches(name, message) for rule in rules if rule.excludes)
