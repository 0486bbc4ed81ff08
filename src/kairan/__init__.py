"""Kairan (回覧): carries a company's vulnerability alerts to the people who must act, until each is settled."""

__version__ = "0.1.0"
