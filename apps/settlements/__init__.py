"""Paying the right people once: disbursements, approvals, statements, matching."""
