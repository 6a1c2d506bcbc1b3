"""Payment intents, attempts at providers in both directions, callbacks, connectors."""
