"""Groups that were bound before there were alerts of requests to be forgotten hear of them: the law waits."""

from __future__ import annotations

import json

from alembic import op
from sqlalchemy import text

revision = "0153_alerts_of_erasures"
down_revision = "0152_reviewed_recordings"
branch_labels = None
depends_on = None

_KIND = "forgotten"


def upgrade() -> None:
    connection = op.get_bind()
    for shop_id, stored in connection.execute(text("SELECT shop_id, kinds FROM alerts_groups")).all():
        kinds = json.loads(stored) if isinstance(stored, str) else list(stored)
        if _KIND in kinds:
            continue
        changed = text("UPDATE alerts_groups SET kinds = :kinds WHERE shop_id = :shop_id")
        connection.execute(changed, {"kinds": json.dumps(sorted([*kinds, _KIND])), "shop_id": shop_id})
