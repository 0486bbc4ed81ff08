"""Assets as people name them: KIND:NAME."""

from kairan.domain.errors import OptionError
from kairan.domain.finding import AssetRef
from kairan.domain.image import parse_image

KINDS = {
    "image": "a container image",
    "repository": "a source repository, host/owner/name",
    "host": "a machine",
    "host_group": "machines that are made alike (an Auto Scaling group)",
    "cluster": "a Kubernetes cluster",
    "workload": "something that runs in a cluster: CLUSTER/NAMESPACE/Kind/name",
    "filesystem": "a folder or file",
    "sbom": "a bill of materials",
    "vm_image": "a virtual machine's image",
    "cloud_resource": "a cloud resource, by ARN or resource id",
    "application": "anything else",
}
_OTHER_WORDS = {
    "repo": "repository",
    "container": "image",
    "container_image": "image",
    "vm": "host",
    "server": "host",
    "instance": "host",
    "k8s": "cluster",
    "kubernetes": "cluster",
    "fs": "filesystem",
    "folder": "filesystem",
    "resource": "cloud_resource",
    "app": "application",
}


def asset_kind(text: str) -> tuple[str | None, str]:
    """Take KIND:NAME apart; the kind is None where the text does not begin with one."""
    word, colon, name = text.partition(":")
    kind = _OTHER_WORDS.get(word.strip().lower(), word.strip().lower())
    return (kind, name.strip()) if colon and kind in KINDS else (None, text)


def parse_asset(text: str) -> AssetRef:
    """Read KIND:NAME. OptionError lists the kinds."""
    kind, name = asset_kind(text)
    if kind is None or not name:
        raise OptionError(
            "no_asset", "asset {text!r}: say KIND:NAME, KIND one of {kinds}", text=text, kinds=", ".join(sorted(KINDS))
        )
    if kind == "image":
        return _image(name)
    if kind == "repository":
        name = name.split("://")[-1].rstrip("/").removesuffix(".git")
        return repository(name)
    return AssetRef(kind, name, name)


def repository(name: str) -> AssetRef:
    """A source repository by host/owner/name. Forges tell no case apart, so neither does the identity."""
    return AssetRef("repository", name.lower(), name)


def _image(name: str) -> AssetRef:
    try:
        image = parse_image(name)
    except ValueError:
        raise OptionError("no_image", "asset image:{name}: {name!r} is not an image name", name=name) from None
    return AssetRef("image", image.name, image.name)
