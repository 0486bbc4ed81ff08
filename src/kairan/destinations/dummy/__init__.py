"""Dummy: a destination to be failed against. Its other side is `python -m kairan.destinations.dummy`."""

from kairan.destinations.dummy.destination import Dummy

DESTINATION = Dummy()
