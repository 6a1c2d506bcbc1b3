"""A button that calls a use case, and the page's half of carrying it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.http import HttpRequest, QueryDict

from apps.console.navigation import may_open
from apps.console.refusals import roles_granting

Look = Literal["main", "plain", "danger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that can be done. ``name`` picks the page's method ``do_<name>``.

    ``label`` says what it moves: "Approve KES 1,058,554.36", not "OK". ``why_not`` says in a
    sentence why it cannot be done now; then there is no button but the sentence. ``asks`` is the
    label of a text a person must give, sent as ``text``; ``hidden`` goes along unseen, such as the
    digest of what was read. ``confirm`` is shown in a dialog before anything is sent.
    """

    name: str
    label: str
    look: Look = "plain"
    key: str = ""
    icon: str = ""
    permission: str = ""
    why_not: str = ""
    asks: str = ""
    confirm: str = ""
    hidden: dict[str, str] = field(default_factory=dict)


def offered(request: HttpRequest, actions: Sequence[Action]) -> list[Action]:
    """The actions as this person may see them: a missing permission becomes the reason why not."""
    result = []
    for action in actions:
        if action.permission and not action.why_not and not may_open(request, action.permission):
            roles = " or ".join(roles_granting(action.permission)) or "another role"
            result.append(_refused(action, f"{action.label}: this needs the role {roles}."))
        else:
            result.append(action)
    return result


def named(request: HttpRequest, actions: Sequence[Action]) -> Action | None:
    """The action the form asks for, if it is offered to this person at all."""
    wanted = request.POST.get("action", "")
    for action in offered(request, actions):
        if action.name == wanted and not action.why_not:
            return action
    return None


def text_of(form: QueryDict) -> str:
    """What the person typed beside the button."""
    return form.get("text", "").strip()


def _refused(action: Action, why_not: str) -> Action:
    return Action(
        name=action.name, label=action.label, look=action.look, icon=action.icon, why_not=why_not
    )
