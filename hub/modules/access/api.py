"""What other modules, the web admin and the console may ask of access."""

from __future__ import annotations

from collections.abc import Collection

from hub.kernel.idempotency import IdempotencyKeys
from hub.kernel.parts import Composed, Part
from hub.kernel.web import Viewer
from hub.modules.access.factors import enrolment_address, new_recovery_codes, picture_of
from hub.modules.access.operations_audit import readable_shops
from hub.modules.access.passwords import hash_password, is_outdated, password_fits, warm_up
from hub.modules.access.rules import (
    clean_extension,
    clean_login,
    covers,
    new_password,
    parse_minutes,
    show_minutes,
)  # fmt: skip
from hub.modules.access.rules_audit import Anchor, Verdict
from hub.modules.access.rules_map import is_point, map_fault, map_link, point_in, show_point
from hub.modules.access.rules_passwords import password_fault
from hub.modules.access.service_approvals import ApprovalService, ApprovalView, Asked
from hub.modules.access.service_audit import AuditFilter, AuditService
from hub.modules.access.service_brakes import address_group
from hub.modules.access.service_factors import FactorService
from hub.modules.access.service_invitations import InvitationService
from hub.modules.access.service_login import LoginService
from hub.modules.access.service_people import PeopleService, names_by_extension, shops_by_extension
from hub.modules.access.service_retention import RetentionService
from hub.modules.access.service_roles import FACTOR_ROLES, RoleService
from hub.modules.access.service_second import SecondService
from hub.modules.access.service_sessions import Detour, Known, SessionService
from hub.modules.access.service_shops import (
    SETTINGS_TOPIC,
    TRUNKS,
    ShopService,
    ensure_first_shop,
    shop_ids,
    shop_is_open,
    stored_trunks,
)  # fmt: skip
from hub.modules.access.service_tokens import TokenService
from hub.modules.access.start import follow, prepare
from hub.modules.access.views import (
    AuditView,
    CodeAttempt,
    FactorView,
    HolidayView,
    InvitationView,
    Invited,
    LoginAttempt,
    PersonEntry,
    PersonView,
    Refusal,
    RoleView,
    SessionView,
    ShopEntry,
    ShopView,
    SignedIn,
    Span,
    TokenView,
)  # fmt: skip
from hub.values import ShopId

__all__ = [
    "FACTOR_ROLES",
    "SETTINGS_TOPIC",
    "TRUNKS",
    "AccessApi",
    "Anchor",
    "ApprovalService",
    "ApprovalView",
    "Asked",
    "AuditFilter",
    "AuditService",
    "AuditView",
    "CodeAttempt",
    "Detour",
    "FactorService",
    "FactorView",
    "HolidayView",
    "InvitationService",
    "InvitationView",
    "Invited",
    "Known",
    "LoginAttempt",
    "LoginService",
    "PeopleService",
    "PersonEntry",
    "PersonView",
    "Refusal",
    "RoleService",
    "RoleView",
    "SecondService",
    "SessionService",
    "SessionView",
    "ShopEntry",
    "ShopService",
    "ShopView",
    "SignedIn",
    "Span",
    "TokenService",
    "TokenView",
    "Verdict",
    "address_group",
    "clean_extension",
    "clean_login",
    "covers",
    "enrolment_address",
    "ensure_first_shop",
    "follow",
    "hash_password",
    "is_outdated",
    "is_point",
    "map_fault",
    "map_link",
    "names_by_extension",
    "new_password",
    "new_recovery_codes",
    "parse_minutes",
    "password_fault",
    "password_fits",
    "picture_of",
    "point_in",
    "prepare",
    "readable_shops",
    "shop_ids",
    "shop_is_open",
    "shops_by_extension",
    "show_minutes",
    "show_point",
    "stored_trunks",
    "warm_up",
]  # fmt: skip


class AccessApi(Composed):
    """Shops, people and who may sign in, for one unit of work. `people`, `shops`, `roles`, `tokens`,
    `invitations`, `logins`, `factors`, `sessions`, `second`, `approvals` and `audit` do the rarer things."""

    people = Part(PeopleService)
    shops = Part(ShopService)
    roles = Part(RoleService)
    logins = Part(LoginService)
    factors = Part(FactorService)
    sessions = Part(SessionService)
    invitations = Part(InvitationService)
    second = Part(SecondService)
    approvals = Part(ApprovalService)
    tokens = Part(TokenService)
    audit = Part(AuditService)
    retention = Part(RetentionService)

    async def list_people(
        self, shops: Collection[ShopId] | None = None, *, only_active: bool = False
    ) -> list[PersonView]:
        """Every employee by name; of every shop where `shops` is None."""
        return [one for one in await self.people.all(shops) if one.is_active or not only_active]

    async def person(self, person_id: str, shops: Collection[ShopId] | None = None) -> PersonView:
        """Raises NotFound, also for a person of a shop that is not among `shops`."""
        return await self.people.one(person_id, shops)

    async def person_by_extension(self, extension: str) -> PersonView | None:
        """The active employee who has this extension."""
        return await self.people.by_extension(extension)

    async def people_by_extension(self) -> dict[str, PersonView]:
        """The active employees by each of their extensions and by their mobile (E.164)."""
        found: dict[str, PersonView] = {}
        for person in await self.people.all():
            if person.is_active:
                found |= dict.fromkeys(person.extensions, person)
                if person.mobile:
                    found[person.mobile] = person
        return found

    async def create_person(
        self, name: str, role: str, *, extensions: Collection[str] = (), mobile: str | None = None,
        login: str | None = None, password_hash: str | None = None, is_one_time: bool = True,
        language: str | None = None, shop_id: ShopId | None = None, by: Viewer | None = None,
    ) -> PersonView:  # fmt: skip
        """A new employee, who may sign in where `login` and `password_hash` (of `hash_password`, made
        before the unit of work) are given. Raises Invalid, NotAllowed, Conflict."""
        entry = PersonEntry(
            name=name,
            role=role,
            extensions=tuple(extensions),
            mobile=mobile,
            language=language,
            shop_id=shop_id,
        )
        person = await self.people.create(entry, by)
        if login is None or password_hash is None:
            return person
        return await self.people.set_login(person.id, login, password_hash, is_one_time=is_one_time, by=by)

    async def authenticate_session(self, token: str) -> Viewer | None:
        """Whose session cookie this is; None when it is no longer good."""
        known = await self.sessions.known(token)
        return None if known is None else known.viewer

    async def authenticate_token(self, token: str) -> Viewer | None:
        """Whose Bearer token this is; None when it is no longer good."""
        known = await self.tokens.known(token)
        return None if known is None else known.viewer

    async def shop(self, shop_id: ShopId) -> ShopView:
        """A shop with its hours. Raises NotFound."""
        return await self.shops.one(shop_id)

    async def list_shops(self) -> list[ShopView]:
        """Every shop, the first one first."""
        return await self.shops.all()

    async def shop_names(self) -> dict[ShopId, str]:
        """Every shop's name, the first one first."""
        return await self.shops.names()

    async def forget_old_answers(self) -> None:
        """Drop the answers to Idempotency-Keys that were kept long enough."""
        keys = IdempotencyKeys(self._uow, self._deps.clock, self._deps.seal)
        await keys.forget(self._deps.settings.api.keep_answers_days)
