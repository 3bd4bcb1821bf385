"""Scripts, styles and pictures: read once at the start, served compressed, with a content hash."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aiohttp import web

from hub.errors import NotFound
from hub.kernel.manifest import Module

HERE = Path(__file__).resolve().parent
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}
_PLAIN = frozenset({".png", ".webp", ".woff2", ".mp3", ".ogg"})
_SVG_BODY = re.compile(r"<svg\b.*?>(.*)</svg>", re.DOTALL)
_EMPTY_PATH = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes | None
    kind: str
    tag: str


class Files:
    """All files below /assets/: `vendor/…`, `webui/…` and `<module>/…`."""

    def __init__(self, modules: Sequence[Module]) -> None:
        folders: Mapping[str, Path] = {
            "vendor": HERE / "static" / "vendor",
            "webui": HERE / "assets",
            **{module.name: module.folder / "assets" for module in modules},
        }
        self._files = {
            f"{owner}/{name}": file
            for owner, folder in folders.items()
            for name, file in _read(folder).items()
        }
        self._icons = _drawings(folders["vendor"] / "icons")

    def address(self, name: str) -> str:
        """Where `module/file` is found; it changes with its content."""
        file = self._files.get(name)
        return f"/assets/{name}" if file is None else f"/assets/{name}?v={file.tag}"

    def icon(self, name: str) -> str:
        """What stands inside the svg element of a Tabler icon; empty when it was not fetched."""
        return self._icons.get(name, "")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer GET /assets/…"""
        name = request.match_info["name"]
        file = self._files.get(name)
        if file is None:
            raise NotFound("page.unknown", "There is no such page.")
        is_fixed = request.query.get("v") == file.tag
        headers = {
            "ETag": f'"{file.tag}"',
            "Cache-Control": "public, max-age=31536000, immutable" if is_fixed else "no-cache",
            "Vary": "Accept-Encoding",
        }
        if f'"{file.tag}"' in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = file.kind
        if file.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return web.Response(body=file.packed, headers=headers)
        return web.Response(body=file.body, headers=headers)


@cache
def _read(folder: Path) -> Mapping[str, _File]:
    """Every file below a folder by its name there."""
    found: dict[str, _File] = {}
    for path in sorted(folder.rglob("*")):
        kind = _TYPES.get(path.suffix)
        if kind is None or not path.is_file() or path.parent.name == "icons":
            continue
        body = path.read_bytes()
        packed = gzip.compress(body, 6, mtime=0) if path.suffix not in _PLAIN and len(body) > 500 else None
        tag = hashlib.sha256(body).hexdigest()[:16]
        found[path.relative_to(folder).as_posix()] = _File(body, packed, kind, tag)
    return found


@cache
def _drawings(folder: Path) -> Mapping[str, str]:
    """What stands inside each icon, by its name."""
    return {path.stem: _inside(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.svg"))}


def _inside(svg: str) -> str:
    found = _SVG_BODY.search(svg)
    return " ".join(_EMPTY_PATH.sub("", found[1]).split()) if found else ""
