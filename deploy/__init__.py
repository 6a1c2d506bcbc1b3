"""How the house is put on machines: a developer's own, and the ones customers use."""
