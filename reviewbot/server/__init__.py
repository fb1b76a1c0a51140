"""Keep a model loaded in another process, reached through a Unix socket of the same user.

Server and client of `reviewbot serve`, what they must agree on, and their messages. A served report
has the same bytes as a direct one. No settings, no click, no network.
"""
