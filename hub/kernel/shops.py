"""The first shop: every installation has it from the first migration on; more are rows beside it."""

from __future__ import annotations

from hub.values import ShopId

FIRST_SHOP = ShopId("main")
"""Its id. The access module's first migration writes its row; facts of connectors belong to it until
the line that was dialled says otherwise."""
