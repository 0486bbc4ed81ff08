"""Django, made ready once the database is there."""

import logging
import os

from kairan.runtime.keys import secret_key
from kairan.runtime.logging import clean_records


def setup(*, serving: bool = False) -> None:
    """Load Django's settings and apps. The database must be known by now (runtime.database)."""
    if serving and "KAIRAN_SECRET_KEY" not in os.environ:
        os.environ["KAIRAN_SECRET_KEY"] = secret_key()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kairan.settings")
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # of a lost connection we speak ourselves, in one line
    clean_records()
    import django

    django.setup()


def migrate(say: object = None) -> int:
    """Bring the schema up to date; one process at a time. Returns how many migrations were applied."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (_MIGRATE_LOCK,))
        try:
            executor = MigrationExecutor(connection)
            pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if pending:
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATE_LOCK,))
    return len(pending)


_MIGRATE_LOCK = 0x6B61_6D69
