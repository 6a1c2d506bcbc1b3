"""The page at the end of the day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from deploy.local.day.cast import COMPANIES, PEOPLE
from deploy.local.day.proofs import Proof
from deploy.local.day.stage import Stage


def report(stage: Stage, found: list[Proof], happened: dict[str, str]) -> bool:
    """Print the page, write ``report.json``, and say whether every proof holds."""
    all_hold = all(proof.holds for proof in found)
    say = stage.voice.say
    say(f"\n[bold]The day {stage.day.name}[/bold]" + (" (resumed)" if stage.day.resumed else ""))
    for name, sentence in happened.items():
        say(f"  {sentence} [dim]({stage.timings.get(name, 0):.1f} s)[/dim]")
    stage.voice.console.print(_table(found))
    say(_where(stage))
    verdict = "[green]Every proof holds.[/green]" if all_hold else "[red]A proof fails.[/red]"
    say(f"{verdict} Written to {_write(stage, found, happened)}")
    return all_hold


def _table(found: list[Proof]) -> Table:
    table = Table(title="Proofs", title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("")
    table.add_column("claim")
    table.add_column("figure", justify="right")
    for proof in found:
        mark = "[green]✓[/green]" if proof.holds else "[red]✗[/red]"
        table.add_row(mark, proof.claim, proof.figure)
    return table


def _where(stage: Stage) -> str:
    port = stage.web_url.rpartition(":")[2]
    lines = ["", "[bold]Look around[/bold] (sign-ins above, and in credentials.json)"]
    lines += [
        f"  {company.name:<18} http://{company.slug}.{stage.domain}:{port}/console/"
        for company in COMPANIES
    ]
    lines += [
        f"  {'The platform':<18} http://platform.{stage.domain}:{port}/platform/",
        f"  {'API documentation':<18} http://{COMPANIES[0].slug}.{stage.domain}:{port}/v1/docs",
        f"  {'Metrics':<18} {stage.web_url}/metrics",
        f"  {'Try as':<18} " + ", ".join(f"{p.username} ({p.role})" for p in PEOPLE),
        "",
    ]
    return "\n".join(lines)


def _write(stage: Stage, found: list[Proof], happened: dict[str, str]) -> Path:
    path = stage.folder / "report.json"
    body: dict[str, Any] = {
        "day": stage.day.name,
        "resumed": stage.day.resumed,
        "happened": happened,
        "seconds": {name: round(seconds, 2) for name, seconds in stage.timings.items()},
        "proofs": [
            {"claim": proof.claim, "holds": proof.holds, "figure": proof.figure} for proof in found
        ],
        "audits": stage.day.notes.get("audits", []),
        "all_hold": all(proof.holds for proof in found),
    }
    new = path.with_suffix(".new")
    new.write_text(json.dumps(body, indent=1))
    return new.replace(path)  # whole or not at all: somebody may be waiting for it
