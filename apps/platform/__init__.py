"""Building blocks that know no business word."""
