"""Pages of cases: inbox, list, board, one case, bulk decisions."""
