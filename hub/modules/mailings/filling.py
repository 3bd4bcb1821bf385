"""What the variables of a mailing stand for, client by client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.modules.access.api import ShopView
from hub.modules.crm.api import ClientView, VehicleView


@dataclass(frozen=True, slots=True)
class ShopValues:
    """What is the same for everybody."""

    shop: ShopView
    line: str

    def of(self, client: ClientView, cars: Sequence[VehicleView]) -> dict[str, str]:
        """Variable -> text; what is not known is empty."""
        car = next((one for one in cars if not one.is_archived), None)
        return {
            "name": client.name,
            "car": car.name if car is not None else "",
            "plate": (car.plate or "") if car is not None else "",
            "shop": self.shop.name,
            "address": self.shop.address,
            "phone": self.line,
        }
