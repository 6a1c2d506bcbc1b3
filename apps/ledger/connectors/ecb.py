"""Euro foreign exchange reference rates of the European Central Bank.

Published on each TARGET day at about 16:00 Central European Time, as XML (``eurofxref-daily.xml``,
``eurofxref-hist-90d.xml``) and as CSV, alone or in a zip (``eurofxref.zip``). All are units of a
currency for one euro. Source: https://www.ecb.europa.eu/stats/eurofxref/ .
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError
from zoneinfo import ZoneInfo

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from apps.ledger.domain.fx import RateDraft
from apps.ledger.errors.fx import RatesUnreadable
from apps.platform.currencies import CURRENCIES
from apps.platform.http import HttpClient

DAILY_URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
BASE = "EUR"
ZONE = ZoneInfo("Europe/Berlin")
PUBLISHED_AT = time(16, 0)

#: Over Easter five days pass from one publication to the next; the sixth day is stale.
LIFE = timedelta(days=5, hours=12)

BYTES_MAX = 20 * 1024 * 1024
_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_NOT_QUOTED = ("", "N/A")
_OK = 200


def fetch(url: str = DAILY_URL) -> bytes:
    """The file as it is published now. ``NotSent``, ``AnswerLost`` or ``RatesUnreadable``."""
    exchange = HttpClient(peer="ecb").send("GET", url, timeout_seconds=20)
    if exchange.status != _OK:
        raise RatesUnreadable(reason=f"the bank answered {exchange.status}")
    return exchange.body


def read(content: bytes) -> list[RateDraft]:
    """The rates of a file, oldest day first. Currencies that no longer exist are left out."""
    if content[:4] == b"PK\x03\x04":
        content = _unpacked(content)
    text_begins = content.lstrip(b"\xef\xbb\xbf \r\n\t")
    days = _xml_days(content) if text_begins[:1] == b"<" else _csv_days(content)
    drafts = [_draft(day, code, text) for day, code, text in days if code in CURRENCIES]
    if not drafts:
        raise RatesUnreadable(reason="no rate of a currency we know")
    return sorted(drafts, key=lambda draft: (draft.valid_from, draft.quote))


def _unpacked(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (name,) = archive.namelist()
            with archive.open(name) as file:
                unpacked = file.read(BYTES_MAX + 1)
    except (zipfile.BadZipFile, ValueError, RuntimeError):
        raise RatesUnreadable(reason="not a zip with one file") from None
    if len(unpacked) > BYTES_MAX:
        raise RatesUnreadable(reason="the file is too long")
    return unpacked


def _xml_days(content: bytes) -> Iterator[tuple[date, str, str]]:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise RatesUnreadable(reason="not well-formed XML without a DTD") from None
    for day in root.findall(f"{_CUBE}/{_CUBE}[@time]"):
        on = _day(day.get("time", ""))
        for rate in day.findall(_CUBE):
            yield on, rate.get("currency", ""), rate.get("rate", "")


def _csv_days(content: bytes) -> Iterator[tuple[date, str, str]]:
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig")), skipinitialspace=True)
        header, *lines = [[cell.strip() for cell in row] for row in rows if row]
    except (UnicodeDecodeError, csv.Error, ValueError):
        raise RatesUnreadable(reason="neither XML nor CSV") from None
    if header[0] != "Date":
        raise RatesUnreadable(reason="the first column is not Date")
    for line in lines:
        on = _day(line[0])
        for code, text in zip(header[1:], line[1:], strict=False):
            if code and text not in _NOT_QUOTED:
                yield on, code, text


def _day(text: str) -> date:
    """``2026-11-20`` in the XML and the history, ``20 November 2026`` in the daily CSV."""
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=ZONE).date()
        except ValueError:
            continue
    raise RatesUnreadable(reason=f"{text[:40]!r} is not a date")


def _draft(day: date, code: str, text: str) -> RateDraft:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise RatesUnreadable(reason=f"{code} on {day}: {text[:40]!r} is not a rate") from None
    published = datetime.combine(day, PUBLISHED_AT, ZONE)
    return RateDraft(
        base=BASE, quote=code, rate=rate, valid_from=published, valid_until=published + LIFE
    )
