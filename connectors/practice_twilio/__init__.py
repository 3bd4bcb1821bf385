"""The practice Twilio: a provider of paper that really speaks Twilio's HTTP, both ways.

Owns     the API of one account on a loopback port (Accounts, Messages, Media, paging, errors), requests to
         the shop signed by the provider's own library, and a ledger of all that happened.
Tables   none.  Events: none; the Twilio connector follows it like the real one (`HUB_TWILIO__API_BASE`).
Not yet  a page to be the client on; the redirect of media to another host.
"""
