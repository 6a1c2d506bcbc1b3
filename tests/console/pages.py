"""The pages there are, found by asking the sites themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.console.registry import registries

URLCONF = {"console": "config.urls", "platform": "config.urls_platform"}


@dataclass
class Seen(HTMLParser):
    """What a page is made of."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    inline_scripts: int = 0
    in_script: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.in_script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self.in_script and data.strip():
            self.inline_scripts += 1

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def seen(html: str) -> Seen:
    parsed = Seen()
    parsed.feed(html)
    return parsed


def sidebar_pages(site: str) -> list[tuple[str, str, str]]:
    """Title, address and permission of each line of the sidebar."""
    return [
        (entry.title, reverse(entry.url_name, urlconf=URLCONF[site]), entry.permission)
        for entry in registries[site].pages
    ]


def names_of(site: str) -> set[str]:
    """The names of all addresses below the site's root."""
    names: set[str] = set()

    def walk(patterns: list[URLPattern | URLResolver]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            elif pattern.name:
                names.add(pattern.name)

    for pattern in get_resolver(URLCONF[site]).url_patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == site:
            walk(pattern.url_patterns)
    return names
