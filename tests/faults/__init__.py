"""Real servers under load, killed, paused, cut off and emptied: nothing may be lost."""
