"""PostgreSQL, Redis and NATS on a machine that has none, and the demo on top of them.

Only the standard library is used here: this package has to work before, and without, everything
else. ``python -m deploy.local`` lists its commands; ``README.md`` says what they promise.
"""
