"""Which package a record names: the same `PackageRef` whether Trivy wrote a purl or a name and a type.

The table follows Trivy's own (https://github.com/aquasecurity/trivy/blob/main/pkg/purl/purl.go).
"""

from functools import lru_cache

import msgspec

from kairan.domain import package
from kairan.domain.errors import RecordError
from kairan.domain.finding import PackageRef
from kairan.sources.trivy.decoding import decode, is_present
from kairan.sources.trivy.structs import Package, PackageIds, Result

_OS = {
    "apk": "alpine wolfi chainguard minimos",
    "deb": "debian ubuntu echo",
    "rpm": "redhat centos rocky alma oracle amazon fedora photon cbl-mariner azurelinux openeuler"
    " suse sles slem slmicro opensuse opensuse-leap opensuse-tumbleweed opensuse.leap opensuse.tumbleweed"
    " suse-linux-enterprise-server suse-linux-enterprise-micro",
}
_LANGUAGES = {
    "npm": "npm yarn pnpm bun node-pkg",
    "pypi": "pip pipenv poetry uv pylock python-pkg",
    "conda": "conda conda-pkg conda-environment",
    "gem": "bundler gemspec",
    "golang": "gomod gobinary",
    "maven": "jar pom gradle sbt",
    "cargo": "cargo rustbinary",
    "composer": "composer composer-vendor",
    "nuget": "nuget dotnet-core packages-props",
    "hex": "mix hex",
    "pub": "pub",
    "swift": "swift",
    "cocoapods": "cocoapods",
    "conan": "conan",
    "julia": "julia",
    "bitnami": "bitnami",
    "k8s": "kubernetes eks gke aks rke ocp k8s",
}
_OS_TYPES = {name: ecosystem for ecosystem, names in _OS.items() for name in names.split()}
_LANGUAGE_TYPES = {name: ecosystem for ecosystem, names in _LANGUAGES.items() for name in names.split()}
_SPLIT = frozenset({"npm", "golang", "composer", "swift", "k8s"})  # "group/name"

# Read from what is installed, not from a manifest: the target is a word ("Java") or a file that bears the version.
INSTALLED = frozenset(
    {"jar", "node-pkg", "python-pkg", "gemspec", "conda-pkg", "conda-environment", "bitnami", "julia"}
    | set(_LANGUAGES["k8s"].split())
)
AGGREGATES = frozenset({"Java", "Node.js", "Python", "Ruby", "Kubernetes", "Conda", "Bitnami", "OS Packages"})

_packages = msgspec.json.Decoder(list[Package] | None)


def is_os(type_: str) -> bool:
    return _plain(type_) in _OS_TYPES


def is_known(type_: str) -> bool:
    return is_os(type_) or type_ in _LANGUAGE_TYPES


def package_of(name: str, purl: str, type_: str, source: str = "") -> PackageRef:
    """The package; `source` is the source package of an OS package. RecordError where nothing names it."""
    return _package(name, _without_version(purl), type_, source)


def _without_version(purl: str) -> str:
    """Cut what differs between records of one package, so that the cache below meets few purls."""
    cut = purl.partition("?")[0].partition("#")[0]
    head, at, version = cut.rpartition("@")
    return head if at and "/" not in version and not head.endswith("/") else cut


@lru_cache(maxsize=20_000)
def _package(name: str, purl: str, type_: str, source: str) -> PackageRef:
    if purl:
        try:
            return package.from_purl(purl, source)
        except ValueError:  # a name says as much
            pass
    try:
        return _by_name(source or name, type_)
    except ValueError:
        raise RecordError("PkgName: names no package") from None


def _by_name(name: str, type_: str) -> PackageRef:
    family = _plain(type_)
    if family in _OS_TYPES:
        return package.of(_OS_TYPES[family], name, family)
    ecosystem = _LANGUAGE_TYPES.get(type_, "generic")
    namespace = ""
    if ecosystem == "maven":
        namespace, _, name = name.replace(":", "/").rpartition("/")
    elif ecosystem == "cocoapods":
        name = name.partition("/")[0]  # the rest is a subspec
    elif ecosystem in _SPLIT:
        namespace, _, name = name.rpartition("/")
    return package.of(ecosystem, name, namespace)


def _plain(type_: str) -> str:
    return type_.lower().replace(" ", "-")


def source_names(result: Result, where: str) -> dict[str, str]:
    """Source packages of the OS packages that a result lists, by package id, uid and name."""
    if not is_present(result.Packages) or not (result.Class == "os-pkgs" or is_os(result.Type or "")):
        return {}
    names: dict[str, str] = {}
    for listed in decode(_packages, result.Packages, where) or ():
        if not listed.SrcName:
            continue
        uid = listed.Identifier.UID if listed.Identifier else None
        for key in (listed.ID, uid, listed.Name):
            if key:
                names[key] = listed.SrcName
    return names


def source_of(names: dict[str, str], package_id: str | None, ids: PackageIds | None, name: str) -> str:
    if not names:
        return ""
    found = names.get(package_id or "") or names.get((ids.UID if ids else None) or "")
    return found or names.get(name, "")
