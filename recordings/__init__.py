"""Recordings of calls: taken in whole, kept as objects with rows of their own, found, heard, reviewed.

Owns: sound, waveforms, listens, the library, the review, links, what stays or goes. Tables:
recordings_legal_holds, recordings_renditions (business), recordings_people (personal), recordings_bundles,
recordings_spool, recordings_reviews, recordings_keeps, recordings_leavings, recordings_pauses,
recordings_cards, recordings_recordings (personal), recordings_views, recordings_listens, recordings_erased,
recordings_bases (personal), recordings_holds, recordings_named, recordings_shares, recordings_writings,
recordings_shelf, recordings_marks, recordings_picks, recordings_card_versions, recordings_clips. Events in:
recording.named, call.noted, recording.ground_noticed, recording.erased, call.held, recording.noticed,
recording.linked, crm.client_erased, call.ended, crm.caller_erased, call.resumed, call.merged, call.corrected,
task.escalated, recording.stored. Events out: recording.ground_noticed, recording.stored, recording.linked,
recording.erased, recording.refused, recording.reviewed, trigger.fired. Live topics: recording.
"""
