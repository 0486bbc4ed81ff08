"""Every address of the pages. Each view says who may see it (web.security)."""

from django.urls import URLPattern, URLResolver, path, re_path, register_converter

from kairan.web import preferences
from kairan.web.account import views as account
from kairan.web.accounts import views as accounts
from kairan.web.api.entry import entry as api
from kairan.web.assets import views as assets
from kairan.web.demo import views as demo
from kairan.web.findings import export, saved, suggestions
from kairan.web.findings import one as finding
from kairan.web.findings import views as findings
from kairan.web.overview import views as overview
from kairan.web.people import audit
from kairan.web.people import views as people
from kairan.web.runs import held, replay
from kairan.web.runs import views as runs
from kairan.web.teams import views as teams
from kairan.web.uploads import views as uploads
from kairan.web.vulnerabilities import views as vulnerabilities


class FindingId:
    """`F-123`, in any case; as long as a bigint may be."""

    regex = "[Ff]-[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value[2:])

    def to_url(self, value: int) -> str:
        return f"F-{value}"


class Number:
    """A row's number; as long as a bigint may be."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class AnyText:
    """An id as its publisher made it: with slashes, whatever else."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class ExportForm:
    """The forms that findings are exported in."""

    regex = "csv|jsonl|json"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FindingId, "finding")
register_converter(Number, "number")
register_converter(ExportForm, "export_form")
register_converter(AnyText, "any")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("findings/", findings.listing, name="findings"),
    path("findings/facets/", findings.facets_of, name="findings_facets"),
    path("findings/suggestions/", suggestions.suggestions, name="findings_suggestions"),
    path("findings/export.<export_form:form>", export.export, name="findings_export"),
    path("findings/views/", saved.saved, name="findings_views"),
    path("findings/views/<number:number>/", saved.one, name="findings_view"),
    path("findings/<finding:number>/", finding.one, name="finding"),
    path("findings/<finding:number>/raw/<number:sighting>/", finding.raw, name="raw_record"),
    path("vulnerabilities/<any:identifier>/", vulnerabilities.one, name="vulnerability"),
    path("assets/", assets.listing, name="assets"),
    path("assets/<number:number>/", assets.one, name="asset"),
    path("runs/", runs.listing, name="runs"),
    path("runs/replay/", replay.replay, name="replay"),
    path("runs/<number:number>/", runs.one, name="run"),
    path("runs/<number:number>/rejects/", runs.rejects, name="run_rejects"),
    path("held/", held.listing, name="held"),
    path("held/<number:number>/", held.one, name="held_decide"),
    path("uploads/", uploads.upload, name="uploads"),
    path("uploads/<number:number>/", uploads.one, name="upload"),
    path("teams/", teams.listing, name="teams"),
    path("teams/<str:key>/", teams.one, name="team"),
    path("people/", people.listing, name="people"),
    path("people/<number:number>/", people.one, name="person"),
    path("audit/", audit.log, name="audit"),
    path("demo/", demo.banner, name="demo"),
    path("account/", account.mine, name="account"),
    path("setup/<str:token>/", accounts.setup, name="setup"),
    path("login/", accounts.login, name="login"),
    path("logout/", accounts.logout, name="logout"),
    path("language/", preferences.language, name="language"),
    path("theme/", preferences.theme, name="theme"),
    re_path(r"^api/(?P<rest>(?s:.*))$", api, name="api"),
]

handler400 = "kairan.web.errors.bad_request"
handler403 = "kairan.web.errors.forbidden"
handler404 = "kairan.web.errors.not_found"
handler500 = "kairan.web.errors.failed"
