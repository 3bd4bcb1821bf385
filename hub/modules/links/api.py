"""What other modules may ask of links: an address for a text, and that it opens nothing any more."""

from __future__ import annotations

from hub.kernel.parts import Composed, Part
from hub.modules.links.service import LinkService
from hub.modules.links.service_clients import forget_objects
from hub.modules.links.views import LinkEntry

__all__ = ["LinkEntry", "LinksApi", "forget_objects"]


class LinksApi(Composed):
    """Short links for clients, for one unit of work."""

    links = Part(LinkService)

    async def link_for(self, entry: LinkEntry) -> str:
        """The whole address of a new link. Raises Conflict (`links.no_public_url`), Invalid."""
        return await self.links.link_for(entry)

    async def revoke(self, kind: str, object_id: str) -> int:
        """The links to a thing open nothing from now on; how many there were."""
        return await self.links.revoke(kind, object_id)
