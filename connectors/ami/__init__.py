"""The line to the PBX: Asterisk over AMI, by a client of our own.

bytes -> protocol.py (frames) -> link.py (session, answers, liveness) -> inbox.py (journal, bounded
queue) -> consumer.py -> tracker/ (legs to calls, pure) -> intake. connector.py holds what outlives a
session; snapshot.py asks what is true after a gap; identity.py tells one life of the PBX from the next;
actions.py is what we may ask; doctor.py says what is wrong; replay.py reads the journal again.
"""
