"""The web admin: shows what services return. Knows manifests and modules' apis, never tables."""
