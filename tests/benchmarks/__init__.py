"""Figures, not tests: ``make bench``. Read them as ratios within one run.

``make bench ARGS="hot relay"`` runs some of them, ``ARGS=--full`` all at full size, which takes
hours: the growth benchmark posts ten million entries one call after the other. ``--entries`` says
how large its books become (300,000 if nothing is said), ``--seconds`` how long each run takes.
``door`` and ``api`` start servers of their own and call them from another process; the client's CPU
time is then that of the callers and of the server together, the server's that of PostgreSQL.
"""
