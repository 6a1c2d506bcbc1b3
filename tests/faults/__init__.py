"""Real servers under load while they are killed, paused, cut off and emptied; nothing may be lost."""
