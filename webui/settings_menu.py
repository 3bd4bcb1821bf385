"""The side list of the settings: our own pages and the modules', in groups that a shop owner knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hub.kernel.manifest import Module
from hub.kernel.web import SettingsGroup, SettingsItem
from webui.package import Package

if TYPE_CHECKING:
    from webui.request import Request

GROUPS: Mapping[SettingsGroup, str] = {
    "shop": "Shop",
    "people": "People",
    "phone": "Telephone",
    "programs": "Programs",
    "care": "Care",
}
OWN_ITEMS: tuple[SettingsItem, ...] = (
    SettingsItem(
        title="Package", text="What is in it, what the next one adds", path="/settings/package",
        right="settings.view", icon="packages", group="shop", order=40,
    ),
    SettingsItem(
        title="Line to the PBX", text="Test it; say which lines are outside lines", path="/settings/pbx",
        right="settings.view", icon="plug-connected", group="phone", order=10,
    ),
    SettingsItem(
        title="Phones and mobiles", text="Which phone is whose", path="/settings/phones", right="people.view",
        icon="device-mobile", group="phone", order=30,
    ),
    SettingsItem(
        title="Roles and rights", text="Who may do what", path="/settings/roles", right="people.view",
        icon="shield-lock", group="people", order=20,
    ),
    SettingsItem(
        title="Tokens", text="Keys of programs that use the API", path="/settings/tokens",
        right="tokens.manage", icon="key", group="programs", order=10,
    ),
    SettingsItem(
        title="Try the API", text="Send a request and see what is answered", path="/settings/api",
        right="settings.view", icon="link", group="programs", order=30,
    ),
    SettingsItem(
        title="Audit log", text="Who did what, and who was refused", path="/settings/audit",
        right="audit.view", icon="clipboard-list", group="care", order=50,
    ),
)  # fmt: skip


class SettingsMenu:
    """Knows every entry; shows those that the viewer may open."""

    def __init__(self, modules: Sequence[Module], package: Package) -> None:
        found = [item for item in OWN_ITEMS if package.opens(item.path)]
        found += [item for m in modules for item in m.settings if package.opens(item.path, m.feature)]
        self._items = sorted(found, key=lambda item: (item.order, item.title))

    def groups(self, request: Request) -> list[tuple[str, list[dict[str, Any]]]]:
        """Title of the group and its entries; `is_here` marks the page that is open."""
        path = request.http.path
        items = [item for item in self._items if request.viewer.can(item.right)]
        here = max(
            (item.path for item in items if path == item.path or path.startswith(item.path + "/")),
            key=len,
            default="",
        )
        groups: list[tuple[str, list[dict[str, Any]]]] = []
        for name, title in GROUPS.items():
            entries = [
                {
                    "title": request.t(item.title),
                    "text": request.t(item.text),
                    "path": item.path,
                    "icon": item.icon,
                    "is_here": item.path == here,
                }
                for item in items
                if item.group == name
            ]
            if entries:
                groups.append((request.t(title), entries))
        return groups
