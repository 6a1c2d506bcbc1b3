"""Version 1 of the door: ``ledger.proto``, and what ``protoc`` makes of it."""
