"""Outgoing webhooks: every fact told to other programs, signed, tried again, written down.

Owns: endpoints (who is told what), deliveries (one for each fact and endpoint), attempts (each try).
Tables: webhooks_endpoints, webhooks_deliveries, webhooks_attempts.
Events in: every one, seen in the transaction that stores it; for an endpoint that is off none is written.
Events out: none.
Sending is a worker with two short units of work around the network; config/webhooks.md is the
integrator's page.
"""
