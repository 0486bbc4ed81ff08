"""`kairan.yaml` as a file: read with the place of everything in it, checked item by item, all mistakes told at once."""
