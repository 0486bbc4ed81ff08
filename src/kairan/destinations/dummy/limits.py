"""What the two sides of the dummy agree on."""

from datetime import timedelta

LONGEST_TEXT = 4_000
LONGEST_REQUEST = 64 * 1024
SETTLE = timedelta(seconds=2)  # after our timeout everything has settled on the server's side
MOST_LAG = 1.5  # seconds that the server may take to apply and to show a message, together: less than SETTLE
