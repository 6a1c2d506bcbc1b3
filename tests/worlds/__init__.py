"""The outside world, played on this machine: providers in their own process, with own books."""
