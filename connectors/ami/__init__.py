"""The line to the PBX: Asterisk 22 over AMI.

bytes -> protocol.py (frames) -> link.py (session, journal, bounded queue) -> connector.py (one
consumer) -> tracker/ (legs to calls, pure) -> intake. snapshot.py asks what is true after a gap.
"""
