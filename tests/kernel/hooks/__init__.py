"""The inbox of providers' requests."""
