"""Recordings of calls that go on, on the line to a scripted PBX."""
