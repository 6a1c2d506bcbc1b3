"""Pages of the frame itself: home, finding, theme, saved views; on both sites."""

from apps.console.registry import register_page, register_view
from apps.console.views.finding import Search
from apps.console.views.saving import RemoveView, RenameView, SaveView
from apps.console.views.themes import Theme

for site in ("console", "platform"):
    register_page("", "Home", "home", f"{site}:index", "", order=0, site=site)
    register_view("search", Search, name="search", site=site)
    register_view("theme", Theme, name="theme", site=site)
    register_view("views/save", SaveView, name="save_view", site=site)
    register_view("views/<uuid:view_id>/rename", RenameView, name="rename_view", site=site)
    register_view("views/<uuid:view_id>/remove", RemoveView, name="remove_view", site=site)

register_page(
    "Developers", "API keys and clients", "key", "console:account:clients", "developers.manage"
)
