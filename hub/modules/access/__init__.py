"""Access: who works here, who may do what, and when a shop is open.

Owns: shops with opening hours and holidays, people (employees; some with a log-in) with their shops and
phones, own roles, invitations, second factors, sessions, tokens, known devices, brakes on log-in, the
audit log, and the settings that are changed on the settings page.
Tables: access_shops, access_hours, access_holidays, access_people, access_memberships, access_extensions,
access_roles, access_invitations, access_factors, access_recovery_codes, access_challenges,
access_sessions, access_tokens, access_devices, access_login_tries, access_approvals, access_audit,
access_audit_head, access_marks, access_options.
Events in: none. Events out: none; changes of people and log-ins are hinted on the topic "access", which
never reaches a browser: it makes the door look again.
The fixed roles' rights come from the manifests; own roles stand in access_roles.
"""
