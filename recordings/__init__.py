"""Recordings of calls: taken in whole, kept as objects with rows of their own, heard by whoever may.

Owns: the sound, its waveforms and converted forms (audio/, store), who listened to it.
Tables: recordings_recordings (personal), recordings_renditions (business), recordings_people (personal),
recordings_spool (business), recordings_named (personal), recordings_listens (personal).
Events in: recording.named, call.merged.
Events out: recording.stored, recording.linked, recording.erased, recording.refused.
Live topics: recording; it hints `call` through the module calls.
"""
