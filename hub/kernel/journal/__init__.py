"""The journal: every raw message of the outside, byte for byte."""
