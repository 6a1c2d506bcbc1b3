"""Figures, not tests: ``python -m tests.benchmarks``. Read them as ratios within one run."""
