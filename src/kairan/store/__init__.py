"""The store: tables, and all SQL. The only place that knows how facts lie in PostgreSQL."""
