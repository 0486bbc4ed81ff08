"""Where a request comes from: for counting failed logins, and for the audit."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The visitor's address: the peer's, or what the outermost of our own proxies says.

    Each proxy appends the address that came to it, so only the last entries, one for each of our proxies, are
    theirs; whatever a visitor puts before them is not looked at.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "")
    proxies: int = settings.PROXIES
    if not proxies:
        return peer
    said = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    return _parsed(said[-proxies]) or peer if len(said) >= proxies else peer


def _parsed(entry: str) -> str:
    """An address, also one with a port, as some proxies write it; empty for anything else."""
    host = entry[1:].partition("]")[0] if entry.startswith("[") else entry
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ip_address(host))
    except ValueError:
        return ""
