"""The bus between several processes of one installation, over Redis.

connector.py keeps the subscription and says words (publish and subscribe, nothing is kept there);
buckets.py counts requests for all processes together. Redis never holds the only copy of anything: it
may be stopped, flushed or slow at any moment.
"""
