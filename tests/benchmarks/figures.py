"""How figures are told, and whether they reach their goals."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.benchmarks.crowd import Tally

NAME_WIDTH = 54


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that something was promised about."""

    name: str
    figure: float
    bound: float
    is_at_least: bool = True
    unit: str = "x"

    @property
    def is_reached(self) -> bool:
        return self.figure >= self.bound if self.is_at_least else self.figure <= self.bound

    def __str__(self) -> str:
        sign = ">=" if self.is_at_least else "<="
        verdict = "PASS" if self.is_reached else "FAIL"
        return (
            f"{verdict}  {self.name:<78} {_number(self.figure):>9}{self.unit}"
            f"  (goal {sign} {_number(self.bound)}{self.unit})"
        )


@dataclass(slots=True)
class Report:
    """Prints as it goes, and keeps the goals for the table at the end."""

    goals: list[Goal] = field(default_factory=list)

    def title(self, text: str) -> None:
        """The head of a table whose columns are those of ``row``."""
        print(f"\n{text}", flush=True)
        columns = f"{'a second':>10} {'client':>7} {'server':>7} {'p50 ms':>8} {'p99 ms':>8}"
        print(f"{'':<{NAME_WIDTH}} {columns}   to the first", flush=True)

    def row(self, name: str, tally: Tally, base: Tally | None = None) -> None:
        """Rate, CPU of one piece in microseconds, times, and both as ratios to ``base``."""
        ratios = ""
        if base is not None:
            ratios = f"   {tally.rate / base.rate:6.2f}x  cpu {tally.cpu_us / base.cpu_us:5.2f}x"
        print(
            f"{name:<{NAME_WIDTH}} {tally.rate:>8,.0f}/s {tally.client_us:>7,.0f}"
            f" {tally.server_us:>7,.0f} {tally.p50_ms:>8.2f} {tally.p99_ms:>8.2f}{ratios}",
            flush=True,
        )

    def say(self, text: str) -> None:
        """A line of its own."""
        print(f"  {text}", flush=True)

    def at_least(self, name: str, figure: float, bound: float, unit: str = "x") -> None:
        """A goal that is reached from above."""
        self._add(Goal(name, figure, bound, True, unit))

    def at_most(self, name: str, figure: float, bound: float, unit: str = "x") -> None:
        """A goal that is reached from below."""
        self._add(Goal(name, figure, bound, False, unit))

    def _add(self, goal: Goal) -> None:
        self.goals.append(goal)
        print(f"  {goal}", flush=True)

    def close(self) -> None:
        """Every goal again, and how many were reached."""
        print("\nGoals")
        for goal in self.goals:
            print(goal)
        reached = sum(goal.is_reached for goal in self.goals)
        print(f"{reached} of {len(self.goals)} reached")


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.3g}"
