"""What a person reads while the day goes by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Voice:
    """The terminal: colours and a moving bar for people, plain lines for a log."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)

    def say(self, text: str) -> None:
        """One line; rich's markup allowed."""
        self.console.print(text)

    def act(self, title: str) -> None:
        """A new act begins."""
        self.console.print(f"\n[bold]{title}[/bold]")

    def done(self, what: str, seconds: float) -> None:
        """An act is over."""
        self.console.print(f"  [green]✓[/green] {what} [dim]({seconds:.1f} s)[/dim]")

    @contextmanager
    def progress(self, what: str, goal: int) -> Iterator[Callable[[int], None]]:
        """A bar towards ``goal``; call the result with what has been reached."""
        with Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        ) as bar:
            task = bar.add_task(what, total=goal)
            yield lambda reached: bar.update(task, completed=reached)
