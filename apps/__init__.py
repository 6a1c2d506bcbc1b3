"""The apps of Countinghouse; their order is in apps/README.md."""
