"""What other modules and pages may ask of alerts."""

from __future__ import annotations

from hub.kernel.parts import Composed, Part
from hub.modules.alerts.rules import KINDS
from hub.modules.alerts.service_accounts import AccountService
from hub.modules.alerts.service_facts import FactService
from hub.modules.alerts.service_groups import GroupService
from hub.modules.alerts.service_posts import PostService
from hub.modules.alerts.service_presses import PressService
from hub.modules.alerts.views import AccountView, AlertEntry, GroupView, PostPage, PostView

__all__ = ["KINDS", "AccountView", "AlertEntry", "AlertsApi", "GroupView", "PostPage", "PostView"]


class AlertsApi(Composed):
    """The staff's group, for one unit of work. `groups` says which one it is and what it is told, `accounts`
    whose messenger account is whose, `posts` what was told; `facts` and `presses` are what events do."""

    groups = Part(GroupService)
    accounts = Part(AccountService)
    posts = Part(PostService)
    facts = Part(FactService)
    presses = Part(PressService)

    async def tell(self, entry: AlertEntry) -> None:
        """Tell a shop's people, once for a cause; nothing where no group is bound or it was not chosen."""
        await self.posts.tell(entry)
