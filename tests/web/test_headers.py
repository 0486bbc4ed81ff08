"""What every answer tells the browser, and the cookies: over plain HTTP on loopback, and behind TLS."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from kairan.web.security import ContentSecurityPolicy

from .pages import pages

EXPECTED = {
    "Content-Security-Policy": ContentSecurityPolicy.policy,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ContentSecurityPolicy.features,
}


STRICTER = {"case_evidence": {"Content-Security-Policy": "default-src 'none'; sandbox"}}  # a stranger's file


def test_every_page_carries_all_of_them(person: Any, town: Any, archive_home: Any) -> None:
    client = Client()
    client.force_login(person("administrator"))
    for page in pages():
        answer = client.get(page.addresses[0])
        expected = EXPECTED | STRICTER.get(page.name, {})
        assert {name: answer.headers.get(name) for name in EXPECTED} == expected, page.name
        assert "private" in answer["Cache-Control"] or "no-store" in answer["Cache-Control"], page.name


@pytest.mark.parametrize("address", ["/login/", "/nowhere", "/api/v1/nowhere", "/setup/x/", "/people/"])
def test_also_strangers_and_errors_get_them(address: str, db: None) -> None:
    answer = Client().get(address)
    assert {name: answer.headers.get(name) for name in EXPECTED} == EXPECTED


def test_the_policy_allows_nothing_inline_and_no_other_host() -> None:
    policy = dict(part.split(" ", 1) for part in ContentSecurityPolicy.policy.split("; "))
    assert policy["default-src"] == "'none'"
    assert {value for name, value in policy.items() if name.endswith("-src")} == {"'none'", "'self'"}
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'")


def test_static_files_are_taken_for_what_they_are(db: None) -> None:
    answer = Client().get("/static/kairan/kairan.js")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"].startswith("text/javascript")


@pytest.mark.django_db
def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(person: Any) -> None:
    person("viewer", username="hanako")
    browser = Client()
    browser.post("/login/", {"username": "hanako", "password": "correct horse battery"})
    cookie = browser.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    assert browser.get("/login/")  # the form's cookie
    assert Client().get("/login/").cookies["csrftoken"]["samesite"] == "Lax"


LOOK = """
import json, django
from django.conf import settings
django.setup()
from django.test import Client
answer = Client().get("/login/", headers={"X-Forwarded-Proto": "https", "Host": "localhost"})
plain = Client().get("/login/", headers={"Host": "localhost"})
print(json.dumps({
    "status": answer.status_code,
    "hsts": answer.headers.get("Strict-Transport-Security"),
    "plain hsts": plain.headers.get("Strict-Transport-Security"),
    "csrf secure": bool(answer.cookies["csrftoken"]["secure"]),
    "session secure": settings.SESSION_COOKIE_SECURE,
    "proxies": settings.PROXIES,
}))
"""


@pytest.mark.parametrize("tls", [True, False])
def test_behind_tls_cookies_are_secure_and_the_browser_stays_with_tls(tls: bool) -> None:
    env = os.environ | ({"KAIRAN_TLS": "1"} if tls else {})
    done = subprocess.run([sys.executable, "-c", LOOK], env=env, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        "status": 200,
        "hsts": "max-age=31536000" if tls else None,
        "plain hsts": None,
        "csrf secure": tls,
        "session secure": tls,
        "proxies": int(tls),
    }
