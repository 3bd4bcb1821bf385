"""What the hub needs from outside, as Protocols; adapters live in connectors/ and hub/kernel/."""
