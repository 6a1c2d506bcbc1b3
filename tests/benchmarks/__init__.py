"""Figures, not tests: ``make bench``. Read them as ratios within one run.

``make bench ARGS="hot relay"`` runs some of them, ``ARGS=--full`` all at full size.
"""
