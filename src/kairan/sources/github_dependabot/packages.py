"""Which package an alert names: the same `PackageRef` as every other source's."""

from functools import lru_cache

from kairan.domain import package
from kairan.domain.errors import RecordError
from kairan.domain.finding import PackageRef

# https://docs.github.com/en/graphql/reference/enums#securityadvisoryecosystem, in REST in lower case
_TYPES = {
    "actions": "githubactions",
    "composer": "composer",
    "erlang": "hex",
    "go": "golang",
    "maven": "maven",
    "npm": "npm",
    "nuget": "nuget",
    "pip": "pypi",
    "pub": "pub",
    "rubygems": "gem",
    "rust": "cargo",
    "swift": "swift",
}
_SPLIT = frozenset({"npm", "golang", "composer", "swift", "githubactions"})  # "group/name"

# What a query without `ecosystem` still tells: the manifest's name.
_MANIFESTS = {
    "maven": "pom.xml build.gradle build.gradle.kts gradle.lockfile",
    "npm": "package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml",
    "pypi": "requirements.txt pipfile pipfile.lock poetry.lock uv.lock setup.py pyproject.toml",
    "gem": "gemfile gemfile.lock",
    "golang": "go.mod go.sum",
    "composer": "composer.json composer.lock",
    "cargo": "cargo.toml cargo.lock",
    "nuget": "packages.config packages.lock.json",
    "pub": "pubspec.yaml pubspec.lock",
    "hex": "mix.exs mix.lock",
    "swift": "package.swift package.resolved",
}
_BY_MANIFEST = {name: ecosystem for ecosystem, names in _MANIFESTS.items() for name in names.split()}


@lru_cache(maxsize=100_000)
def package_of(name: str, ecosystem: str, manifest: str) -> PackageRef:
    """The package. RecordError where nothing names it."""
    type_ = _TYPES.get(ecosystem.lower(), "") if ecosystem else _guessed(name, manifest)
    name, namespace = name.strip(), ""
    if type_ == "maven":
        namespace, _, name = name.replace(":", "/").rpartition("/")
    elif type_ in _SPLIT:
        namespace, _, name = name.rpartition("/")
    try:
        return package.of(type_ or "generic", name, namespace)
    except ValueError:
        raise RecordError("package.name: names no package") from None


def _guessed(name: str, manifest: str) -> str:
    known = _BY_MANIFEST.get(manifest.rpartition("/")[2].lower())
    return known or ("maven" if name.count(":") == 1 else "")
