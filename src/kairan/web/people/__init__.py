"""Who may log in, and what people changed: for administrators."""
