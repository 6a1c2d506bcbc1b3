"""What a person types on the account pages. Forms check form; use cases decide."""

from __future__ import annotations

from django import forms

from apps.identity.domain import SCOPES


class CodeForm(forms.Form):
    """A code of the second factor: six digits, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=16,
        strip=True,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
                "spellcheck": "false",
            }
        ),
        error_messages={"required": "Type the code your authenticator app shows."},
    )


class PasswordForm(forms.Form):
    """One's own password, old and new."""

    current = forms.CharField(
        label="Present password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="New password",
        strip=False,
        help_text="At least 15 characters; four unrelated words will do.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ScopesField(forms.MultipleChoiceField):
    """Scopes as check boxes, each with what it allows."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self) -> None:
        super().__init__(
            label="May do",
            choices=[(scope, f"{scope}: {meaning}") for scope, meaning in SCOPES.items()],
            error_messages={"required": "Choose at least one scope."},
        )


class ClientForm(forms.Form):
    """A new service client."""

    name = forms.CharField(label="Name", max_length=100, help_text="The program that will call.")
    scopes = ScopesField()
    networks = forms.CharField(
        label="From these networks only",
        required=False,
        help_text="One per line, as 196.201.214.0/24. Empty means from anywhere.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    def clean_networks(self) -> list[str]:
        """One network per line."""
        return str(self.cleaned_data["networks"]).split()
