"""When the clockwork turns: the sweeps that find every due row, whatever the broker lost."""

beat_schedule: dict[str, dict[str, object]] = {}
