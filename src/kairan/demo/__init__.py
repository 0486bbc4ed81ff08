"""The demo organisation: an invented company, and what its scanners said day by day, made from a seed.

Plain values and bytes only; nothing here knows a database, a clock or a network. `days.payloads` is the way in.
"""
