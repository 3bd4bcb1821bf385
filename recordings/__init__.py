"""Recordings of calls: taken in whole, kept as objects with rows of their own, found, heard, reviewed.

Owns: the sound, its waveforms and forms, who listened, the library, the review, links, what must stay or go.
Tables: recordings_recordings (personal), recordings_renditions (business), recordings_people (personal),
recordings_spool, recordings_named, recordings_listens, recordings_holds, recordings_shelf,
recordings_writings, recordings_views, recordings_marks, recordings_cards, recordings_card_versions,
recordings_reviews, recordings_picks, recordings_shares, recordings_clips, recordings_bundles,
recordings_legal_holds, recordings_keeps, recordings_erased, recordings_leavings, recordings_bases (personal),
recordings_pauses. Events in: recording.named, recording.noticed, recording.ground_noticed, recording.stored,
recording.linked, recording.erased, call.merged, call.ended, call.corrected, call.held, call.resumed,
call.noted, crm.client_erased, crm.caller_erased, task.escalated. Events out: recording.ground_noticed,
recording.stored, recording.linked, recording.erased, recording.refused. Live topics: recording.
"""
