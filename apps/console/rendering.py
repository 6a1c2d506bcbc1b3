"""How each kind of value looks on a page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.console.values import (
    Code,
    Link,
    Note,
    Phone,
    Progress,
    Ref,
    Several,
    Status,
    Value,
    is_numeric,
)
from apps.platform import clock
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

NOTHING = SafeString('<span class="ch-nothing">–</span>')
MINUTE, HOUR, DAY = 60, 3600, 86_400
#: From which size on, in which unit, and its letter.
_STEPS = ((10**12, 10**12, "T"), (10**9, 10**9, "B"), (10**6, 10**6, "M"), (10**4, 10**3, "K"))


def shown(value: Value) -> SafeString:
    """The value as HTML, in the present tenant's time zone."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, str | bool):
        return format_html("{}", value if isinstance(value, str) else ("Yes" if value else "No"))
    if isinstance(value, int | Decimal | Money):
        text = money_text(value) if isinstance(value, Money) else f"{value:,}"
        return format_html('<span class="ch-num">{}</span>', text)
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, date):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), day_text(value))
    return _shown_words(value)


def _shown_words(value: Value) -> SafeString:
    match value:
        case Status():
            html = format_html('<span class="ch-pill ch-{}">{}</span>', value.feels, value.text)
        case Ref(text=text, url=""):
            html = format_html('<code class="ch-ref">{}</code>', text)
        case Ref(text=text, url=url):
            html = format_html('<a class="ch-ref" href="{}">{}</a>', url, text)
        case Link(text=text, url=url):
            html = format_html('<a href="{}">{}</a>', url, text)
        case Phone():
            html = format_html('<span class="ch-num">{}</span>', value.masked)
        case _:
            html = _shown_composed(value)
    return html


def _shown_composed(value: Value) -> SafeString:
    match value:
        case Note(text=text, below=below):
            html = shown(text)
            if below not in (None, ""):
                html = format_html('{}<span class="ch-below">{}</span>', html, shown(below))
        case Progress():
            html = progress(value)
        case Code(text=text):
            html = format_html('<pre class="ch-code" tabindex="0">{}</pre>', text)
        case Several(values=values):
            html = format_html_join(" ", "{}", ((shown(one),) for one in values))
        case _:
            html = format_html("{}", str(value))
    return html


def kind(value: Value) -> str:
    """The CSS class of a cell: numbers stand on the right, everything else on the left."""
    return "ch-r" if is_numeric(value) else ""


def money_text(amount: Money) -> str:
    """``KES 1,050.00``, the sign before the digits; decimals as the currency has."""
    sign = "\u2212" if amount.minor < 0 else ""
    return f"{amount.currency}\u00a0{sign}{abs(amount).major:,f}"


def short_money(amount: Money) -> str:
    """``KES 1.2M`` for headlines and axes. Cut, never rounded up."""
    size = abs(amount.major)
    for least, unit, letter in _STEPS:
        if size >= least:
            tenths = int(size * 10 / unit)
            text = f"{tenths // 10}.{tenths % 10}".removesuffix(".0") + letter
            break
    else:
        text = f"{int(size):,}"
    sign = "\u2212" if amount.minor < 0 else ""
    return f"{amount.currency}\u00a0{sign}{text}"


def progress(value: Progress) -> SafeString:
    """A bar that assistive technology can read, and the figures beside it."""
    if value.total <= 0:
        return format_html('<progress class="ch-bar" aria-label="{}"></progress>', value.label)
    return format_html(
        '<progress class="ch-bar" aria-label="{}" max="{}" value="{}">{}%</progress>'
        ' <span class="ch-num">{} of {}</span>',
        value.label,
        value.total,
        value.done,
        value.percent,
        f"{value.done:,}",
        f"{value.total:,}",
    )


def zone() -> ZoneInfo:
    """The present tenant's time zone."""
    return ZoneInfo(current_tenant().zone)


def day_text(day: date) -> str:
    """``22 Nov 2026``."""
    return f"{day.day} {day:%b %Y}"


def when(instant: datetime) -> SafeString:
    """The instant in the tenant's zone; UTC on hover."""
    local = instant.astimezone(zone())
    return _time_tag(instant, f"{day_text(local)}, {local:%H:%M}")


def ago(instant: datetime) -> SafeString:
    """``3 min ago`` up to a week, then the day; the exact instant on hover and beside it."""
    local = instant.astimezone(zone())
    return _time_tag(instant, f"{relative(instant)} · {_moment_text(local)}")


def relative(instant: datetime) -> str:
    """The distance from now in words."""
    seconds = int((clock.now() - instant).total_seconds())
    is_future, size = seconds < 0, abs(seconds)
    if size < MINUTE:
        return "just now"
    if size < HOUR:
        words = f"{size // MINUTE} min"
    elif size < DAY:
        words = f"{size // HOUR} h"
    else:
        words = f"{size // DAY} day{'s' if size >= 2 * DAY else ''}"
    return f"in {words}" if is_future else f"{words} ago"


def _moment_text(local: datetime) -> str:
    today = clock.now().astimezone(local.tzinfo).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if today - local.date() < timedelta(days=300):
        return f"{local.day} {local:%b}, {local:%H:%M}"
    return f"{day_text(local)}, {local:%H:%M}"


def _time_tag(instant: datetime, text: str) -> SafeString:
    utc = instant.astimezone(ZoneInfo("UTC"))
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        utc.isoformat(),
        f"{utc:%Y-%m-%d %H:%M:%S}",
        text,
    )
