"""Links: short addresses by which a client sees or decides one thing without signing in.

Owns: the tokens behind `/c/…` (only their hashes are stored), how long they are good, the page around what
other modules show by their manifests (hub.kernel.client_links), the kind `confirm`.
Tables: links_links (personal).
Events in: none.
Events out: link.confirmed.
A GET changes nothing: messengers open links for their previews.
"""
