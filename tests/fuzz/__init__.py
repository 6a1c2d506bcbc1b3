"""Parsers of foreign bytes under a coverage-guided fuzzer, and what it has found, kept as tests."""
