"""The environment variables that Kairan reads. A test fails when the code reads one that is not written here."""

VARIABLES = {
    "DATABASE_URL": "A PostgreSQL 15 or newer to use instead of the embedded one: postgresql://user@host:5432/name.",
    "KAIRAN_DATA": "The data folder (embedded database, archive, session key)."
    " Default: ~/.local/share/kairan, for root /var/lib/kairan.",
    "KAIRAN_ARCHIVE_URL": "Where raw answers are kept: file:///path, s3://bucket/prefix, gs://…, az://…"
    " Default: the data folder.",
    "KAIRAN_SECRET_KEY": "The key that signs sessions. Default: made once, kept in the data folder.",
    "KAIRAN_HOSTS": "Host names the pages answer to, separated by commas. Default: loopback and `--host`.",
    "KAIRAN_TLS": "Set to 1 behind a proxy that ends TLS: cookies become Secure, HSTS is sent.",
    "KAIRAN_MAX_REPORT_BYTES": "The largest report that is unpacked, in bytes. Default: 8 GiB.",
    "KAIRAN_DEBUG": "Set to 1 to see tracebacks on the command line.",
    "KAIRAN_EMBEDDED_DATABASE": "Set by Kairan itself for its own child processes; not for people.",
}
