"""Users and roles: who may do what. Every change is a use case of identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.admin.activity import words
from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Action, FormPage, Header, Moment, ObjectPage
from apps.console.pages.objects import found_or_404
from apps.console.registry import register_page, register_search, register_view
from apps.console.search import Hit, exact_then_prefix
from apps.console.site import console_site, platform_site
from apps.console.values import Fact, Link, Row, Several, Status, Table, Value
from apps.identity.domain import PERMISSIONS
from apps.identity.models import Role, User
from apps.identity.selectors import open_sessions
from apps.identity.services import (
    create_user,
    deactivate_user,
    end_sessions_of_user,
    grant_role,
    has_second_factor,
    reactivate_user,
    remove_second_factor,
    revoke_role,
)
from apps.platform.models import AuditRecord

PERMISSION = "identity.manage"
HISTORY_MAX = 20


class UserAdmin(ReadOnlyAdmin):
    """Everyone with an account here."""

    permission = PERMISSION
    title = "Users"
    search_fields: ClassVar[Any] = ["^username", "^full_name", "=email"]
    search_help = "User name, name or e-mail"
    list_display: ClassVar[Any] = ["name", "username", "held", "state", "created_at"]
    list_filter: ClassVar[Any] = ["is_active", ("roles", admin.RelatedFieldListFilter)]
    ordering: ClassVar[Any] = ["username"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With their roles, read once."""
        return super().get_queryset(request).prefetch_related("roles")

    def object_url(self, thing: Any) -> str:
        """The user's page."""
        return reverse(f"{self.admin_site.name}:user", args=[thing.pk])

    @property
    def links(self) -> Sequence[tuple[str, str, str]]:  # type: ignore[override]  # of this site
        """Where new users are made."""
        return (("New user", f"{self.admin_site.name}:new_user", PERMISSION),)

    @admin.display(description="Name", ordering="full_name")
    def name(self, user: User) -> Value:
        """The person's name."""
        return user.full_name or user.username

    @admin.display(description="Roles")
    def held(self, user: User) -> Value:
        """Their roles."""
        names = [role.name for role in user.roles.all()]
        return ", ".join(names) if names else Status("none", "No role yet", "warn")

    @admin.display(description="State", ordering="is_active")
    def state(self, user: User) -> Value:
        """May they sign in."""
        return Status("active") if user.is_active else Status("closed")


class UserPage(ObjectPage):
    """One person's account: roles, second factor, history."""

    permission = PERMISSION
    nav = "identity_user_changelist"

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Users", self.url_of("identity_user_changelist")),)

    def find(self, key: str) -> User:
        """By id."""
        user: User = found_or_404(User.objects.prefetch_related("roles"), pk=key)
        return user

    def header(self, thing: User) -> Header:
        """Who it is."""
        state = Status("active") if thing.is_active else Status("closed")
        return Header(kind="User", reference=thing.username, status=state, note=thing.full_name)

    def facts(self, thing: User) -> Sequence[Fact]:
        """What is known of them."""
        factor = has_second_factor(user_id=thing.pk)
        return [
            Fact("Name", thing.full_name),
            Fact("E-mail", thing.email),
            Fact("Person", thing.person),
            Fact(
                "Second factor",
                Status("active", "Set up") if factor else Status("missing", "Not set up", "warn"),
            ),
            Fact("Account since", thing.created_at),
            Fact("Last sign-in", thing.last_login),
        ]

    def lines(self, thing: User) -> Sequence[Table]:
        """Roles, and what they add up to."""
        roles = [Row([role.name, _described(role.permissions)]) for role in thing.roles.all()]
        return [
            Table(
                "Roles",
                ["Role", "Lets them"],
                roles,
                empty="No role: they can sign in and see home.",
            )
        ]

    def actions(self, thing: User) -> Sequence[Action]:
        """Roles one by one, then the door."""
        if thing.pk == self.request.user.pk:
            why = "This is your own account. Another administrator has to change it."
            return [Action(name="own", label="Change", why_not=why)]
        held = {role.code for role in thing.roles.all()}
        actions = [
            Action(
                name="grant_role", label=f"Give the role {role.name}", hidden={"role": role.code}
            )
            if role.code not in held
            else Action(
                name="revoke_role",
                label=f"Take the role {role.name}",
                look="danger",
                hidden={"role": role.code},
                confirm=f"Take the role {role.name} from {thing}?",
            )
            for role in Role.objects.order_by("name")
        ]
        return [*actions, *self._door(thing)]

    def _door(self, thing: User) -> list[Action]:
        if not thing.is_active:
            return [Action(name="reactivate", label="Open the account again", look="main")]
        actions = [
            Action(
                name="deactivate",
                label="Close the account",
                look="danger",
                confirm=f"Close the account of {thing}? Their sessions end at once.",
            )
        ]
        if open_sessions(thing.pk):
            actions.insert(
                0,
                Action(
                    name="end_sessions",
                    label="End their sessions",
                    confirm=f"Sign {thing} out everywhere? They can sign in again.",
                ),
            )
        if has_second_factor(user_id=thing.pk):
            actions.insert(
                0,
                Action(
                    name="remove_factor",
                    label="Remove the second factor",
                    confirm=f"Remove the second factor of {thing}? They set up a new one.",
                ),
            )
        return actions

    def timeline(self, thing: User) -> Sequence[Moment]:
        """What was done to the account."""
        records = AuditRecord.objects.filter(subject=thing.username).order_by("-recorded_at")
        return [
            Moment(
                at=one.recorded_at,
                who=one.actor_name,
                what=words(one.use_case).lower(),
                note=str(one.facts.get("role", "")),
            )
            for one in records[:HISTORY_MAX]
        ]

    def do_grant_role(self, thing: User, form: QueryDict) -> str:
        """Give a role."""
        grant_role(user_id=thing.pk, role=form.get("role", ""), actor=self.actor)
        return f"{thing} has the role now."

    def do_revoke_role(self, thing: User, form: QueryDict) -> str:
        """Take a role."""
        revoke_role(user_id=thing.pk, role=form.get("role", ""), actor=self.actor)
        return f"{thing} no longer has the role."

    def do_end_sessions(self, thing: User, form: QueryDict) -> str:
        """Sign them out everywhere."""
        ended = end_sessions_of_user(user_id=thing.pk, actor=self.actor)
        return f"{thing} is signed out: {ended} sessions ended."

    def do_deactivate(self, thing: User, form: QueryDict) -> str:
        """Close the door."""
        deactivate_user(user_id=thing.pk, actor=self.actor)
        return f"The account of {thing} is closed."

    def do_reactivate(self, thing: User, form: QueryDict) -> str:
        """Open it again."""
        reactivate_user(user_id=thing.pk, actor=self.actor)
        return f"{thing} can sign in again."

    def do_remove_factor(self, thing: User, form: QueryDict) -> str:
        """Forget the second factor."""
        remove_second_factor(user_id=thing.pk, actor=self.actor)
        return f"{thing} sets up a new second factor at the next sign-in that needs one."


class NewUserForm(forms.Form):
    """What an account is made of."""

    full_name = forms.CharField(label="Name", max_length=150)
    username = forms.CharField(label="User name", max_length=150)
    email = forms.EmailField(label="E-mail", required=False)
    password = forms.CharField(
        label="First password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 15 characters. Tell it to them; they can change it.",
    )
    roles = forms.MultipleChoiceField(
        label="Roles", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [  # type: ignore[attr-defined]  # a choice field
            (role.code, role.name) for role in Role.objects.order_by("name")
        ]


class NewUserPage(FormPage):
    """Make an account."""

    permission = PERMISSION
    nav = "identity_user_changelist"
    title = "New user"
    form_class = NewUserForm
    submit = "Make the account"
    intro = "Whoever drafts payments should not also approve them: give those roles to two people."

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Users", self.url_of("identity_user_changelist")),)

    def perform(self, data: dict[str, Any]) -> str:
        """One use case."""
        self.made = create_user(**data, actor=self.actor)
        return f"{data['full_name']} can sign in now."

    def next_url(self) -> str:
        """The new account's page."""
        return self.url_of("user", self.made)


class RoleAdmin(ReadOnlyAdmin):
    """The roles of this organisation."""

    permission = PERMISSION
    title = "Roles"
    intro = "A role is a set of permissions. Roles keep drafting, approving and releasing apart."
    list_display: ClassVar[Any] = ["name", "allows", "holders"]
    ordering: ClassVar[Any] = ["name"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With whoever holds them."""
        return super().get_queryset(request).prefetch_related("users")

    @admin.display(description="Lets people")
    def allows(self, role: Role) -> Value:
        """In words."""
        return _described(role.permissions)

    @admin.display(description="Held by")
    def holders(self, role: Role) -> Value:
        """Active people, as links to their accounts."""
        links = [
            Link(str(user), reverse(f"{self.admin_site.name}:user", args=[user.pk]))
            for user in role.users.all()
            if user.is_active
        ]
        return Several(tuple(links)) if links else None


def find_users(site: str) -> Any:
    """People by user name."""

    def find(text: str, limit: int) -> list[Hit]:
        rows = exact_then_prefix(User.objects.all(), ["username", "email"], text.lower(), limit)
        return [
            Hit(row.username, row.full_name, reverse(f"{site}:user", args=[row.pk]), "person")
            for row in rows
        ]

    return find


def _described(permissions: Sequence[str]) -> str:
    return "; ".join(PERMISSIONS.get(code, code).lower() for code in permissions)


for _site in (console_site, platform_site):
    _site.register(User, UserAdmin)
    _site.register(Role, RoleAdmin)
    register_view("users/new", NewUserPage, name="new_user", site=_site.key)
    register_view("users/<uuid:key>", UserPage, name="user", site=_site.key)
    for _title, _icon, _list in (("Users", "group", "user"), ("Roles", "badge", "role")):
        register_page(
            "Settings",
            _title,
            _icon,
            f"{_site.key}:identity_{_list}_changelist",
            PERMISSION,
            site=_site.key,
        )
    register_search("Users", find_users(_site.key), permission=PERMISSION, site=_site.key)
