"""Where a payee's money goes, and what must be true of it before anybody is asked to verify it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from apps.platform.ibans import is_iban

#: How long new details wait before money may go there, and how long changed ones do: whoever took
#: over a payee's account changes where it is paid, and the payee notices within a day or two.
COOLING_NEW = timedelta(hours=24)
COOLING_CHANGED = timedelta(hours=48)

#: Mobile numbers a wallet pays to, E.164 without plus, by currency: national numbering plans.
_MOBILE = {"KES": re.compile(r"254[17]\d{8}")}
_NATIONAL = re.compile(r"0?([17]\d{8})")
_SEPARATORS = re.compile(r"[\s\-()./]")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")  # ISO 9362
_NAME_LONGEST = 70  # what every bank file carries in full
_ACCOUNT_LONGEST = 34  # Max34Text of ISO 20022

#: National account numbers by the payee's currency: the number, and the bank's clearing number.
_LOCAL = {
    "KES": (
        re.compile(r"\d{6,17}"),
        re.compile(r"\d{5}"),
        "6 to 17 digits",
        "5 digits: bank 2, branch 3",
    ),
    "USD": (re.compile(r"\d{4,17}"), re.compile(r"\d{9}"), "4 to 17 digits", "9 digits"),
    "GBP": (re.compile(r"\d{8}"), re.compile(r"\d{6}"), "8 digits", "6 digits: the sort code"),
}
_ROUTING_WEIGHTS = (3, 7, 1) * 3  # ABA routing numbers: the weighted sum is a multiple of 10

#: Countries by the length of their IBANs: the registry of ISO 13616 (SWIFT).
_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_IBAN_LENGTHS = {
    country: length for length, countries in _COUNTRIES.items() for country in countries.split()
}


class Rail(StrEnum):
    """What carries a payout: a mobile wallet or a bank account."""

    PHONE = "phone"
    BANK = "bank"


class DetailsState(StrEnum):
    """Where one version of a payee's details stands.

    ``cooling``: verified, but money may not go there yet. ``superseded``: newer details have been
    verified since.
    """

    UNVERIFIED = "unverified"
    COOLING = "cooling"
    USABLE = "usable"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class DetailsDecision(StrEnum):
    """What a second person says of details. Lifting lets money go there before they have cooled."""

    VERIFY = "verify"
    REJECT = "reject"
    LIFT = "lift"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutDetails:
    """A phone, or an account at a bank: an IBAN, else its number and its bank.

    ``bic`` or ``clearing_member``, the bank's number in the national clearing, say which bank.
    """

    rail: Rail
    phone: str = ""
    account_name: str = ""
    iban: str = ""
    account: str = ""
    bic: str = ""
    clearing_member: str = ""

    @classmethod
    def to_phone(cls, phone: str) -> PayoutDetails:
        """A mobile wallet."""
        return cls(rail=Rail.PHONE, phone=phone)

    @property
    def destination(self) -> str:
        """Where the money goes, in one word: equal for two payees who are paid at one place."""
        if self.rail is Rail.PHONE:
            return self.phone
        return self.iban or f"{self.clearing_member or self.bic}/{self.account}"

    @property
    def masked(self) -> str:
        """Enough to recognise, too little to use."""
        if self.rail is Rail.PHONE:
            return f"{self.phone[:4]}•••••{self.phone[-3:]}"
        bank = self.iban[:2] or self.bic or self.clearing_member
        return f"{bank} ••••{(self.iban or self.account)[-4:]}"


def normalised(details: PayoutDetails) -> PayoutDetails:
    """Without the spaces and signs people write, letters large, the phone with its country code."""
    phone = _SEPARATORS.sub("", details.phone).removeprefix("+")
    if national := _NATIONAL.fullmatch(phone):
        phone = f"254{national[1]}"
    return replace(
        details,
        phone=phone,
        account_name=" ".join(details.account_name.split()),
        iban=_SEPARATORS.sub("", details.iban).upper(),
        account=_SEPARATORS.sub("", details.account).upper(),
        bic=details.bic.strip().upper(),
        clearing_member=_SEPARATORS.sub("", details.clearing_member),
    )


def problems(details: PayoutDetails, currency: str) -> Mapping[str, str]:
    """What is wrong with normalised details, a sentence by field; empty when nothing is."""
    if details.rail is Rail.PHONE:
        found = dict.fromkeys(_told(details), "is not told with a phone")
        plan = _MOBILE.get(currency)
        if plan is None:
            found["phone"] = f"no mobile wallet is paid in {currency}"
        elif not plan.fullmatch(details.phone):
            found["phone"] = "is a mobile number with its country code, such as 254712345678"
        return found
    return _bank_problems(details, currency)


def _told(details: PayoutDetails) -> list[str]:
    names = ("account_name", "iban", "account", "bic", "clearing_member")
    return [name for name in names if getattr(details, name)]


def _bank_problems(details: PayoutDetails, currency: str) -> dict[str, str]:
    found = {}
    if details.phone:
        found["phone"] = "is not told with a bank account"
    if not 1 <= len(details.account_name) <= _NAME_LONGEST:
        found["account_name"] = f"is the owner's name, at most {_NAME_LONGEST} letters"
    if details.bic and not _BIC.fullmatch(details.bic):
        found["bic"] = "is a BIC of 8 or 11 letters and digits"
    if bool(details.iban) == bool(details.account):
        found["account"] = "either an IBAN or an account number"
    elif details.iban:
        found |= _iban_problem(details.iban)
    else:
        found |= _local_problems(details, currency)
    return found


def _iban_problem(iban: str) -> dict[str, str]:
    length = _IBAN_LENGTHS.get(iban[:2])
    if length is None:
        return {"iban": f"{iban[:2]} is no country that has IBANs"}
    if len(iban) != length:
        return {"iban": f"has {len(iban)} letters and digits; {iban[:2]} has {length}"}
    if not iban.isascii() or not iban.isalnum() or not is_iban(iban):
        return {"iban": "its check digits do not agree: look for a typing error"}
    return {}


def _local_problems(details: PayoutDetails, currency: str) -> dict[str, str]:
    if not details.bic and not details.clearing_member:
        return {"clearing_member": "an account number needs its bank: a clearing number or a BIC"}
    rule = _LOCAL.get(currency)
    if rule is None:
        is_plain = details.account.isascii() and details.account.isalnum()
        fits = is_plain and len(details.account) <= _ACCOUNT_LONGEST
        return {} if fits else {"account": f"at most {_ACCOUNT_LONGEST} letters and digits"}
    number, bank, number_said, bank_said = rule
    found = {}
    if not number.fullmatch(details.account):
        found["account"] = f"an account in {currency} has {number_said}"
    if details.clearing_member and not bank.fullmatch(details.clearing_member):
        found["clearing_member"] = f"in {currency} it has {bank_said}"
    elif currency == "USD" and details.clearing_member and not _is_routing(details.clearing_member):
        found["clearing_member"] = "its check digit does not agree: look for a typing error"
    return found


def _is_routing(number: str) -> bool:
    digits = zip(number, _ROUTING_WEIGHTS, strict=True)
    return sum(int(digit) * weight for digit, weight in digits) % 10 == 0
