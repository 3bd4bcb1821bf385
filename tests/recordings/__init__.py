"""Recordings: taken in, kept, heard."""
