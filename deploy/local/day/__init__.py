"""A business day of two tenants, lived through the doors that users have.

Nothing here reaches into the house: orders come over JetStream with the neighbour's credential,
operators work in the console over HTTP, services use the API with their keys, customers and the
provider are the simulators. What the day proves it proves from outside.
"""
