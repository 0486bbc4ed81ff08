"""OSV: advisories in the Open Source Vulnerability format, from osv.dev or any publisher of it."""

from kairan.sources.osv.parse import Osv

SOURCE = Osv()
