"""The inbox of providers' requests: kept raw, verified, answered, and only then worked on."""
