"""The high-throughput door: posting, holds and balances over ConnectRPC."""
