"""Kenyan mobile numbers, and the disguises in which M-Pesa shows a payer."""

from __future__ import annotations

import hashlib
import hmac
import re

from apps.payments.errors import InvalidPhone

#: Stands for a number's digits without those of its country.
HOLE = "{phone}"
_SEPARATORS = re.compile(r"[\s\-()]")


def msisdn(raw: str) -> str:
    """``0712345678``, ``+254 712 345678`` and their like as ``254712345678``."""
    digits = _SEPARATORS.sub("", raw).removeprefix("+")
    if re.fullmatch(r"0[17]\d{8}", digits):
        digits = f"254{digits[1:]}"
    elif re.fullmatch(r"[17]\d{8}", digits):
        digits = f"254{digits}"
    if not re.fullmatch(r"254[17]\d{8}", digits):
        raise InvalidPhone
    return digits


def country_of(phone: str) -> str:
    """The country of a number, ISO 3166; empty where there is no number."""
    return "KE" if phone.startswith("254") else ""


def hollow(text: str, phone: str) -> str:
    """The text with a hole where it holds the number, with or without its country.

    M-Pesa ends its CheckoutRequestID with the payer's number. Names are kept so; ``filled`` gives
    the provider's own spelling back.
    """
    return text.replace(phone[3:], HOLE) if phone else text


def filled(text: str, phone: str) -> str:
    """The text as it was before ``hollow``."""
    return text.replace(HOLE, phone[3:]) if phone else text


def masked(phone: str) -> str:
    """``2547*****678``: enough to recognise, too little to call."""
    return f"{phone[:4]}*****{phone[-3:]}" if phone else ""


def fits(shown: str, phone: str) -> bool:
    """True unless what the provider shows cannot be ``phone``.

    Shown may be the number, the number with stars, or its SHA-256 in hex. A form nobody has met
    yet does not contradict.
    """
    text = re.sub(r"\s", "", shown).lower()
    if re.fullmatch(r"[0-9a-f]{64}", text):
        return hmac.compare_digest(text, hashlib.sha256(phone.encode()).hexdigest())
    if "*" in text:
        head, tail = text.split("*", 1)[0], text.rsplit("*", 1)[1]
        return phone.startswith(head) and phone.endswith(tail)
    if re.fullmatch(r"\+?\d{9,15}", text):
        return phone.endswith(text[-9:])
    return True
