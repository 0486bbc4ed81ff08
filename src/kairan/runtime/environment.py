"""The environment variables that Kairan reads. A test fails when the code reads one that is not written here."""

import os

from kairan.domain.errors import ConfigError

DEMO = "KAIRAN_DEMO"
VARIABLES = {
    "DATABASE_URL": "A PostgreSQL 15 or newer to use instead of the embedded one: postgresql://user@host:5432/name.",
    "KAIRAN_DATA": "The data folder (embedded database, archive, session key)."
    " Default: ~/.local/share/kairan, for root /var/lib/kairan.",
    "KAIRAN_CONFIG": "The configuration's file. Default: kairan.yaml in the working folder, else in the data folder.",
    "KAIRAN_ARCHIVE_URL": "Where raw answers are kept: file:///path, s3://bucket/prefix, gs://…, az://…"
    " Default: the data folder.",
    "KAIRAN_SECRET_KEY": "The key that signs sessions. Default: made once, kept in the data folder.",
    "KAIRAN_HOSTS": "Host names the pages answer to, separated by commas. Default: loopback and `--host`.",
    "KAIRAN_TLS": "Set to 1 behind a proxy that ends TLS: cookies become Secure, HSTS is sent.",
    "KAIRAN_PROXIES": "How many proxies of yours stand in front, each of which adds to X-Forwarded-For: by that failed"
    " logins are counted per visitor. Default: 1 with KAIRAN_TLS, else 0.",
    "KAIRAN_MAX_REPORT_BYTES": "The largest report that is unpacked, in bytes. Default: 8 GiB.",
    "KAIRAN_MAX_UPLOAD_BYTES": "The largest file that pages and API take in, as it comes, in bytes. Default: 2 GiB.",
    "KAIRAN_API_RATE": "How many requests a minute one person may send to the API. Default: 600; 0: any number.",
    "KAIRAN_DEMO": "Whether `kairan up` makes a demo of a store that holds nothing: 0 never, 1 always."
    " Default: unless DATABASE_URL, KAIRAN_ARCHIVE_URL or KAIRAN_TLS is set.",
    "KAIRAN_DEBUG": "Set to 1 to see tracebacks on the command line.",
    "KAIRAN_EMBEDDED_DATABASE": "Set by Kairan itself for its own child processes; not for people.",
}


def number(name: str, default: int) -> int:
    """A whole number from the environment. ConfigError names the variable that holds something else."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ConfigError(f"{name} has to be a whole number, not {text!r}")
    return int(text)
