"""The JSON API, `/api/v1`: the same rights, the same query language, the same use cases as the pages."""
