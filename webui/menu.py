"""What stands around every page: menu by right, banner of the PBX line, person menu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hub.kernel.context import Deps, QuarantineState
from hub.kernel.manifest import MenuBadge, MenuItem, Module
from hub.kernel.stream.dead_letters import TOPIC as DEAD
from hub.kernel.texts import LANGUAGES
from hub.kernel.web import Viewer
from webui.package import Package
from webui.settings_menu import SettingsMenu
from webui.system import dead_letters

if TYPE_CHECKING:
    from webui.request import Request

OWN_ITEMS = (
    MenuItem("Settings", "/settings", "settings.view", "settings", order=90),
    MenuItem(
        "System",
        "/system",
        "system.view",
        "activity",
        order=95,
        badge=MenuBadge(dead_letters.badge, (DEAD,)),
    ),
)
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "pitline_theme"


class Menu:
    """The shell's values for a viewer."""

    def __init__(self, modules: Sequence[Module], deps: Deps, package: Package) -> None:
        items = [item for m in modules for item in m.menu if package.opens(item.path, m.feature)]
        self._items = sorted([*items, *OWN_ITEMS], key=lambda item: (item.order, item.title))
        self._scripts = [script for m in modules if package.has(m.feature) for script in m.scripts]
        self._deps = deps
        self._settings = SettingsMenu(modules, package)

    def shell(self, request: Request) -> dict[str, Any]:
        """Everything that shell.html shows besides the page."""
        viewer, path = request.viewer, request.http.path
        allowed = [item for item in self._items if viewer.can(item.right)]
        here = max(
            (item.path for item in allowed if path == item.path or path.startswith(item.path + "/")),
            key=len,
            default="",
        )
        theme = request.http.cookies.get(THEME_COOKIE, "auto")
        return {
            "menu": [(item, request.t(item.title), item.path == here) for item in allowed],
            "theme": theme if theme in THEMES else "auto",
            "themes": THEMES,
            "languages": LANGUAGES,
            "scripts": [script.asset for script in self._scripts if viewer.can(script.right)],
            "settings": self._settings.groups(request),
            "pbx": self.pbx(request),
            "quarantine": self._quarantine(request),
            "must_change_password": request.visitor.must_change_password,
        }

    def badged(self, viewer: Viewer) -> list[tuple[MenuItem, MenuBadge]]:
        """The viewer's entries that have a badge."""
        return [(item, item.badge) for item in self._items if item.badge and viewer.can(item.right)]

    def _quarantine(self, request: Request) -> QuarantineState | None:
        """Nothing is sent since a restore; everybody who is signed in should know."""
        held = self._deps.quarantine
        return held.known if held is not None and request.viewer.kind != "nobody" else None

    def pbx(self, request: Request) -> dict[str, Any] | None:
        """The line to the PBX; None where there is none or the viewer is nobody."""
        telephony = self._deps.telephony
        if telephony is None or request.viewer.kind == "nobody":
            return None
        link = telephony.link()
        return {"is_up": link.is_up, "since": link.since, "text": link.text}
