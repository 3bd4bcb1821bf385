"""Adapters to the world; each folder is replaceable, none knows another."""
