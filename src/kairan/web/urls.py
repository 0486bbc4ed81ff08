"""Every address of the pages. Each view says who may see it (web.security)."""

from django.urls import URLPattern, URLResolver, path, register_converter
from django.views.generic.base import RedirectView

from kairan.domain.rights import Right
from kairan.web import preferences
from kairan.web.accounts import views as accounts
from kairan.web.findings import views as findings
from kairan.web.security import needs


class FindingId:
    """`F-123`, in any case; as long as a bigint may be."""

    regex = "[Ff]-[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value[2:])

    def to_url(self, value: int) -> str:
        return f"F-{value}"


register_converter(FindingId, "finding")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", needs(Right.SEE)(RedirectView.as_view(pattern_name="findings")), name="home"),
    path("findings/", findings.listing, name="findings"),
    path("findings/<finding:number>/", findings.one, name="finding"),
    path("setup/<str:token>/", accounts.setup, name="setup"),
    path("login/", accounts.login, name="login"),
    path("logout/", accounts.logout, name="logout"),
    path("language/", preferences.language, name="language"),
    path("theme/", preferences.theme, name="theme"),
]

handler400 = "kairan.web.errors.bad_request"
handler403 = "kairan.web.errors.forbidden"
handler404 = "kairan.web.errors.not_found"
handler500 = "kairan.web.errors.failed"
