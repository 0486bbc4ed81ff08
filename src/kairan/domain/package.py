"""Package identity: a purl without version and qualifiers, the same from every source."""

import re
from functools import lru_cache

from packageurl import PackageURL

from kairan.domain.finding import PackageRef

# Distributions put the kernel's version into the package's name, so each update is a "new" package. The names on
# the right are the distributions' own meta packages, which never change.
_KERNEL = re.compile(
    r"^(?P<head>linux-(?:image|headers|modules|modules-extra|tools|cloud-tools|buildinfo|image-unsigned"
    r"|image-extra|kbuild|compiler-gcc-\d+|support))-(?P<version>\d+\.\d+[^a-z]*?)(?:-(?P<flavour>[a-z].*))?$"
)


def without_version(name: str) -> str:
    """Take the version out of names that bear one: `linux-image-5.10.0-8-amd64` is `linux-image-amd64`."""
    match = _KERNEL.match(name)
    if not match:
        return name
    flavour = match["flavour"]
    return f"{match['head']}-{flavour}" if flavour else match["head"]


# One distribution, several spellings of its family (Trivy changed its own): the namespace of an rpm purl.
_RPM_NAMESPACES = {
    "sles": "suse",
    "slem": "suse",
    "slmicro": "suse",
    "suse-linux-enterprise-server": "suse",
    "suse-linux-enterprise-micro": "suse",
    "opensuse-leap": "opensuse",
    "opensuse-tumbleweed": "opensuse",
    "opensuse.leap": "opensuse",
    "opensuse.tumbleweed": "opensuse",
}


@lru_cache(maxsize=50_000)
def from_purl(purl: str, name: str = "") -> PackageRef:
    """Read a purl; `name` replaces its name (the source package of an OS package). ValueError if it is none."""
    url = PackageURL.from_string(purl)
    return of(url.type, name or url.name, url.namespace or "")


@lru_cache(maxsize=50_000)
def of(ecosystem: str, name: str, namespace: str = "") -> PackageRef:
    """The package of this name in an ecosystem (a purl type). Names are normalised as the purl type says.

    ValueError where the name is blank.
    """
    if ecosystem in {"deb", "rpm", "apk"}:
        name = without_version(name)
        namespace = _RPM_NAMESPACES.get(namespace.lower(), namespace)
    elif ecosystem == "golang":  # the purl type is lower-case, packageurl-python leaves it as it is
        name, namespace = name.lower(), namespace.lower()
    url = PackageURL(type=ecosystem, namespace=namespace or None, name=name)
    if not url.name:  # a blank name: packageurl-python lets it in, and fails only when it is written
        raise ValueError(f"{name!r} names no package")
    shown = url.name if not url.namespace or ecosystem in {"deb", "rpm", "apk"} else _join(ecosystem, url)
    return PackageRef(key=url.to_string(), ecosystem=url.type, name=shown)


def _join(ecosystem: str, url: PackageURL) -> str:
    separator = ":" if ecosystem == "maven" else "/"
    return f"{url.namespace}{separator}{url.name}"
