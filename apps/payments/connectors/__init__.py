"""Payment providers: pure translation and one call each. No state, no Django."""
