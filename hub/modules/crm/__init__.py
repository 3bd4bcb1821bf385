"""Clients, their phones, and cars with their owners by date; who is calling.

Owns: clients (people and companies, and who is known to be none), phones, vehicles, ownerships.
They belong to the installation: every shop of a network knows the same people.
Tables: crm_clients, crm_words, crm_phones, crm_vehicles, crm_ownerships.
Events in: none.
Events out: crm.client_phone_added.
Live topics: client, vehicle.
"""
