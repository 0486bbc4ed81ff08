"""Which package a record names: the same `PackageRef` as Trivy's, wherever manager and system tell.

Managers: https://docs.aws.amazon.com/inspector/v2/APIReference/API_VulnerablePackage.html
"""

import re
from functools import lru_cache

from kairan.domain import package
from kairan.domain.errors import RecordError
from kairan.domain.finding import PackageRef
from kairan.sources.aws_security_hub.structs import Finding, Package

_LANGUAGES = {
    "npm": "NPM NODEPKG NODE YARN PNPM BUN",
    "pypi": "PIP PYTHONPKG PYTHON PIPENV POETRY UV",
    "gem": "BUNDLER GEMSPEC GEM RUBYGEMS",
    "golang": "GOMOD GOBINARY GO",
    "maven": "JAR MAVEN POM GRADLE SBT",
    "cargo": "CARGO RUSTBINARY",
    "composer": "COMPOSER",
    "nuget": "NUGET DOTNET DOTNETCORE DOTNET_CORE",
    "conda": "CONDA",
    "conan": "CONAN",
}
_LANGUAGE_TYPES = {name: ecosystem for ecosystem, names in _LANGUAGES.items() for name in names.split()}
_SYSTEM_MANAGERS = {
    "OS": "",
    "APK": "apk",
    "DPKG": "deb",
    "DEB": "deb",
    "APT": "deb",
    "RPM": "rpm",
    "YUM": "rpm",
    "DNF": "rpm",
    "ZYPPER": "rpm",
}
# Inspector's `platform` ("ALPINE_LINUX_3_17") and Trivy's words ("alpine 3.11.3"), by how they begin.
_SYSTEMS = (
    ("ALPINE", "apk", "alpine"),
    ("WOLFI", "apk", "wolfi"),
    ("CHAINGUARD", "apk", "chainguard"),
    ("UBUNTU", "deb", "ubuntu"),
    ("DEBIAN", "deb", "debian"),
    ("AMAZON", "rpm", "amazon"),
    ("REDHAT", "rpm", "redhat"),
    ("RED_HAT", "rpm", "redhat"),
    ("RHEL", "rpm", "redhat"),
    ("CENTOS", "rpm", "centos"),
    ("ROCKY", "rpm", "rocky"),
    ("ALMA", "rpm", "alma"),
    ("ORACLE", "rpm", "oracle"),
    ("FEDORA", "rpm", "fedora"),
    ("PHOTON", "rpm", "photon"),
    ("OPENSUSE", "rpm", "opensuse"),
    ("SUSE", "rpm", "suse"),
    ("SLES", "rpm", "suse"),
)
# Where no system is told: what distributions write into versions, then what Inspector says to run.
_BY_RELEASE = (
    (re.compile(r"\.amzn\d"), "rpm", "amazon"),
    (re.compile(r"ubuntu"), "deb", "ubuntu"),
    (re.compile(r"[+~]deb\d+"), "deb", "debian"),
    (re.compile(r"\.(?:el|fc)\d"), "rpm", ""),
    (re.compile(r"^r\d+$|-r\d+$"), "apk", ""),
)
_BY_COMMAND = (("yum ", "rpm"), ("dnf ", "rpm"), ("apt-get ", "deb"), ("apt ", "deb"), ("apk ", "apk"))
_ONE_SYSTEM = {"apk": "alpine"}
_COORDINATES = re.compile(r"^[\w.-]+:[\w.-]+$")
_GO_PATH = re.compile(r"^[a-z0-9-]+(?:\.[a-z0-9-]+)+/\S+$", re.IGNORECASE)
_PLATFORM = re.compile(r"^aws/inspector/resources/\d+/resourceDetails/\w+/platform$")
_SPLIT = frozenset({"npm", "golang", "composer"})  # "group/name"


def platform_of(finding: Finding) -> str:
    """The system that Inspector found: in a field whose name bears the resource's number."""
    for name, value in (finding.ProductFields or {}).items():
        if isinstance(value, str) and _PLATFORM.match(name):
            return value
    return ""


def package_of(told: Package, platform: str) -> PackageRef | None:
    """The package, or None where the record names none."""
    name = (told.Name or "").strip()
    if not name:
        return None
    hints = " ".join((told.Release or "", told.FixedInVersion or "", told.Version or ""))
    return _package(name, (told.PackageManager or "").strip().upper(), platform, hints, told.Remediation or "")


@lru_cache(maxsize=50_000)
def _package(name: str, manager: str, platform: str, versions: str, command: str) -> PackageRef:
    ecosystem, namespace = _ecosystem(name, manager, platform, versions, command)
    if ecosystem == "maven":
        namespace, _, name = name.replace(":", "/").rpartition("/")
    elif ecosystem in _SPLIT:
        namespace, _, name = name.rpartition("/")
    try:
        return package.of(ecosystem, name, namespace)
    except ValueError:
        raise RecordError("VulnerablePackages.Name: names no package") from None


def _ecosystem(name: str, manager: str, platform: str, versions: str, command: str) -> tuple[str, str]:
    """Ecosystem and, of a system's package, the distribution."""
    if manager in _LANGUAGE_TYPES:
        return _LANGUAGE_TYPES[manager], ""
    if manager in _SYSTEM_MANAGERS:
        return _system(_SYSTEM_MANAGERS[manager], platform, versions, command)
    if _COORDINATES.match(name):
        return "maven", ""
    if _GO_PATH.match(name):
        return "golang", ""
    return _system("", platform, versions, command) if not manager else ("generic", "")


def _system(ecosystem: str, platform: str, versions: str, command: str) -> tuple[str, str]:
    word = platform.strip().upper().replace(" ", "_").replace("-", "_")
    for beginning, type_, family in _SYSTEMS:
        if word.startswith(beginning):
            return type_, family
    for pattern, type_, family in _BY_RELEASE:
        if any(pattern.search(part) for part in versions.split()) and ecosystem in {"", type_}:
            return type_, family or _ONE_SYSTEM.get(type_, "")
    for beginning, type_ in _BY_COMMAND:
        if command.startswith(beginning):
            return type_, _ONE_SYSTEM.get(type_, "")
    return (ecosystem, _ONE_SYSTEM.get(ecosystem, "")) if ecosystem else ("generic", "")


def installed_of(told: Package) -> str:
    """`1:1.2-3` as distributions write it; epoch 0 is not written."""
    version = (told.Version or "").strip()
    if version and told.Release and told.Release.strip():
        version = f"{version}-{told.Release.strip()}"
    epoch = (told.Epoch or "0").strip()
    return f"{epoch}:{version}" if version and epoch not in {"", "0"} else version


def fixed_of(told: Package) -> str:
    version = (told.FixedInVersion or "").strip()
    return "" if version.lower() in {"notavailable", "not available"} else version.removeprefix("0:")
