"""Clients, their phones, and cars with their owners by date; who is calling.

Owns: clients (people and companies, and who is known to be none), phones, vehicles, ownerships,
what they are to each other, readings of counters, and the history of their changes.
They belong to the installation: every shop of a network knows the same people.
Tables: crm_clients, crm_words, crm_segments, crm_phones, crm_vehicles, crm_ownerships, crm_roles,
crm_mileages, crm_changes, crm_merges, crm_apart, crm_twins, crm_twin_looks,
crm_learned, crm_erasures, crm_erasure_requests.
Events in: none.
Events out: crm.client_phone_added, crm.number_released, crm.clients_merged, crm.clients_unmerged,
crm.client_erased, crm.caller_erased; others publish crm.caller_chosen for it.
Live topics: client, vehicle, erasure_request.
"""
