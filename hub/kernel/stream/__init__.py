"""The way of a fact: in by intake, stored with its effect, handled in order per key by the relay."""
