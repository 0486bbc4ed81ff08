"""Container image names, canonical: `nginx:1.25` is `docker.io/library/nginx`, whoever says it."""

import re
from dataclasses import dataclass

_DIGEST = re.compile(r"@(?P<digest>[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,})$")
_TAG = re.compile(r":(?P<tag>[\w][\w.-]{0,127})$")
_NAME = re.compile(r"^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$")
_HOST = re.compile(r"^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?$")
_HUB = {"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "docker.io"}


@dataclass(frozen=True, slots=True)
class ImageName:
    """`name` is registry and repository without tag and digest; tag and digest are "" where not given."""

    name: str
    tag: str = ""
    digest: str = ""


def parse_image(reference: str) -> ImageName:
    """Read an image reference (distribution/reference grammar). ValueError where it is none."""
    rest = reference.strip().removeprefix("docker://").removeprefix("oci://")
    digest = tag = ""
    if match := _DIGEST.search(rest):
        digest, rest = match["digest"].lower(), rest[: match.start()]
    if match := _TAG.search(rest):
        tag, rest = match["tag"], rest[: match.start()]
    registry, path = _split_registry(rest)
    if not path or not _NAME.match(path):
        raise ValueError(f"{reference!r} is not an image name")
    if registry == "docker.io" and "/" not in path:
        path = f"library/{path}"
    return ImageName(f"{registry}/{path}", tag, digest)


def _split_registry(rest: str) -> tuple[str, str]:
    first, slash, path = rest.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost") and _HOST.match(first):
        registry = first.lower()
        return ("docker.io" if registry in _HUB else registry), path
    return "docker.io", rest


def familiar(name: str) -> str:
    """A canonical name as people write it: `docker.io/library/nginx` is `nginx`."""
    return name.removeprefix("docker.io/library/").removeprefix("docker.io/")
