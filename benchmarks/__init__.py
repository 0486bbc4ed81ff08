"""What is measured at size: a bulk generator, and the search benchmark that runs on what it makes."""
