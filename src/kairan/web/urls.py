"""Every address of the pages. Each view says who may see it (web.security)."""

from django.urls import URLPattern, URLResolver, path, re_path, register_converter

from kairan.web import preferences
from kairan.web.account import views as account
from kairan.web.accounts import views as accounts
from kairan.web.api.entry import entry as api
from kairan.web.assets import views as assets
from kairan.web.cases import bulk as case_bulk
from kairan.web.cases import one as case
from kairan.web.cases import views as cases
from kairan.web.coverage import views as coverage
from kairan.web.demo import views as demo
from kairan.web.destinations import views as destinations
from kairan.web.findings import export, saved, suggestions
from kairan.web.findings import one as finding
from kairan.web.findings import views as findings
from kairan.web.overview import views as overview
from kairan.web.people import audit
from kairan.web.people import views as people
from kairan.web.preview import views as preview
from kairan.web.rules import case_why
from kairan.web.rules import views as rules
from kairan.web.runs import held, replay
from kairan.web.runs import views as runs
from kairan.web.slack import views as slack
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


class CaseId:
    """`C-123`, in any case; as long as a bigint may be."""

    regex = "[Cc]-[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value[2:])

    def to_url(self, value: int) -> str:
        return f"C-{value}"


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
register_converter(CaseId, "case")
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
    path("inbox/", cases.inbox_page, name="inbox"),
    path("cases/", cases.listing, name="cases"),
    path("cases/board/", cases.board, name="board"),
    path("cases/bulk/", case_bulk.begin, name="cases_bulk"),
    path("cases/bulk/<number:number>/", case_bulk.one, name="case_bulk"),
    path("cases/evidence/<number:number>/<number:index>/", case.evidence, name="case_evidence"),
    path("cases/<case:number>/", case.one, name="case"),
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
    path("cases/<case:number>/why/", case_why.case_why, name="case_why"),
    path("rules/", rules.listing, name="rules"),
    path("rules/<str:name>/try/", rules.trying, name="rule_try"),
    path("coverage/", coverage.coverage, name="coverage"),
    path("noise/", coverage.noise, name="noise"),
    path("destinations/", destinations.listing, name="destinations"),
    path("destinations/<str:name>/", destinations.act, name="destination_act"),
    path("deliveries/", destinations.deliveries, name="deliveries"),
    path("deliveries/<number:number>/", destinations.delivery, name="delivery"),
    path("messages/", preview.listing, name="messages"),
    path("messages/<uuid:marker>/", preview.thread, name="message"),
    path("messages/<uuid:marker>/raw/", preview.raw, name="message_raw"),
    path("messages/<uuid:marker>/press/", preview.press, name="message_press"),
    path("unowned/", teams.nobodys, name="unowned"),
    path("teams/", teams.listing, name="teams"),
    path("teams/<str:key>/", teams.one, name="team"),
    path("people/", people.listing, name="people"),
    path("people/<number:number>/", people.one, name="person"),
    path("audit/", audit.log, name="audit"),
    path("demo/", demo.banner, name="demo"),
    path("slack/", slack.inbound, name="slack"),
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
