"""Which asset a resource is: an image as every scanner calls it, a host by its ARN, anything else by its id."""

import posixpath
import re
from dataclasses import dataclass, field
from typing import Any

from kairan.domain.finding import AssetRef
from kairan.domain.image import ImageName, familiar, parse_image
from kairan.sources.aws_security_hub.classify import account_of, region_of
from kairan.sources.aws_security_hub.structs import EcrImage, Finding, Resource

# The repository's name may hold slashes; the digest stands behind the last one.
_ECR = re.compile(
    r"^arn:(?P<partition>[^:]*):ecr:(?P<region>[^:]+):(?P<account>[^:]+):repository/"
    r"(?P<repository>.+?)(?:/(?P<digest>sha256:[0-9a-fA-F]+))?$"
)
_INSTANCE = re.compile(r"(?:^|[:/])(?P<instance>i-[0-9A-Za-z]+)$")
_ACCOUNT = re.compile(r"^(?:AWS::::Account:|aws:account:|arn:[^:]*:iam::)?(?P<account>[0-9A-Za-z]+)(?::root)?$")
_ROOT = re.compile(r"^(?:AWS::::Account:(?P<told>\w+)|arn:[^:]*:iam::(?P<root>\w+):root)$")
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".tar.bz2")
_DOMAINS = {"aws-cn": "amazonaws.com.cn"}
_CODE = " Validation Code"  # MITRE's hdf2asff keeps a test's source in a resource that is none


@dataclass(frozen=True, slots=True)
class Place:
    """An asset, and what a record adds to where: digest and tags of an image. `resource` is the id as told."""

    asset: AssetRef
    resource: str
    system: str = ""
    occurrence: dict[str, Any] = field(default_factory=dict)


def places_of(finding: Finding, hinted: AssetRef | None) -> list[Place]:
    """The places a finding is about; none where it names no resource and a person named no asset."""
    found = [
        _place(resource, resource.Id.strip(), finding, hinted)
        for resource in finding.Resources or ()
        if resource.Id and resource.Id.strip() and not resource.Id.endswith(_CODE)
    ]
    return found or ([Place(hinted, "")] if hinted else [])


def _place(resource: Resource, id_: str, finding: Finding, hinted: AssetRef | None) -> Place:
    asset, occurrence, system = _described(resource, id_, finding)
    return Place(hinted or asset, id_, system, {"resource": id_} | occurrence)


def _described(resource: Resource, id_: str, finding: Finding) -> tuple[AssetRef, dict[str, Any], str]:
    type_ = resource.Type or ""
    if type_ == "AwsEcrContainerImage" and (found := _ecr_image(resource, id_, finding)):
        return found
    if type_ == "Container" and (container := _container(resource, id_, finding)):
        return container
    if type_ == "AwsEc2Instance" and (match := _INSTANCE.search(id_)):
        return _host(resource, id_, match["instance"], finding), {}, ""
    if type_ == "AwsAccount" or _ROOT.match(id_):
        return _account(resource, id_, finding), {}, ""
    tail = _tail(id_)
    name = _tag(resource, "Name") or tail
    return _asset("cloud_resource", id_, name, (tail,), resource, finding), {}, ""


def _ecr_image(resource: Resource, id_: str, finding: Finding) -> tuple[AssetRef, dict[str, Any], str] | None:
    details = (resource.Details and resource.Details.AwsEcrContainerImage) or EcrImage()
    match = _ECR.match(id_)
    account = match["account"] if match else details.RegistryId or account_of(finding)
    region = match["region"] if match else resource.Region or region_of(finding)
    repository = match["repository"] if match else details.RepositoryName or ""
    domain = _DOMAINS.get(match["partition"] if match else resource.Partition or "", "amazonaws.com")
    try:
        image = parse_image(f"{account}.dkr.ecr.{region}.{domain}/{repository.lower()}")
    except ValueError:
        return None
    digest = details.ImageDigest or (match["digest"] if match else "") or ""
    return _image(image.name, resource, finding), _versions(digest, details.ImageTags or []), ""


def _container(resource: Resource, id_: str, finding: Finding) -> tuple[AssetRef, dict[str, Any], str] | None:
    """An image by its name; Trivy's template puts the system behind it: `alpine:3.10 (alpine 3.10.2)`."""
    named = (resource.Details and resource.Details.Container and resource.Details.Container.ImageName) or id_
    reference, _, system = named.strip().partition(" (")
    if reference.lower().endswith(_ARCHIVES):
        path = posixpath.normpath(reference)
        return _asset("image_archive", path, path, (), resource, finding), {}, system.rstrip(")")
    if ":" in reference and reference.startswith("arn:"):
        return None
    try:
        image: ImageName = parse_image(reference)
    except ValueError:
        return None
    tags = [image.tag] if image.tag else []
    return _image(image.name, resource, finding), _versions(image.digest, tags), system.rstrip(")")


def _versions(digest: str, tags: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"digest": digest} if digest else {}
    if len(tags) == 1:
        found["tag"] = tags[0]
    elif tags:
        found["tags"] = sorted(set(tags))
    return found


def _image(name: str, resource: Resource, finding: Finding) -> AssetRef:
    return _asset("image", name, familiar(name), (), resource, finding)


def _host(resource: Resource, id_: str, instance: str, finding: Finding) -> AssetRef:
    """By one spelling of its ARN: some write `…:i-0abc`, some the instance alone."""
    arn = id_
    if not id_.startswith("arn:") and (account := account_of(finding)) != "unknown":
        region = resource.Region or region_of(finding)
        arn = f"arn:{resource.Partition or 'aws'}:ec2:{region}:{account}:instance/{instance}"
    elif id_.startswith("arn:") and not id_.endswith(f"instance/{instance}"):
        arn = f"{id_.removesuffix(instance)}instance/{instance}"
    name = _tag(resource, "Name") or instance
    return _asset("host", arn, name, (instance,), resource, finding, (("instance", instance),))


def _account(resource: Resource, id_: str, finding: Finding) -> AssetRef:
    match = _ACCOUNT.match(id_)
    account = match["account"] if match else account_of(finding)
    # Its findings come from each region: no region of its own.
    return AssetRef("cloud_resource", f"aws:account:{account}", account, (), _attributes(resource, account, ""))


def _asset(
    kind: str,
    external_id: str,
    name: str,
    names: tuple[str, ...],
    resource: Resource,
    finding: Finding,
    more: tuple[tuple[str, str], ...] = (),
) -> AssetRef:
    others = tuple(dict.fromkeys(each for each in (_tag(resource, "Name"), *names) if each and each != name))
    region = resource.Region or region_of(finding)
    return AssetRef(kind, external_id, name, others, (*_attributes(resource, account_of(finding), region), *more))


def _attributes(resource: Resource, account: str, region: str) -> tuple[tuple[str, str], ...]:
    told = {"account": account, "region": region, "resource_type": resource.Type or ""}
    tags = {f"tag:{key}": value or "" for key, value in sorted((resource.Tags or {}).items())}
    known = tuple((key, value) for key, value in told.items() if value and value != "unknown")
    return known + tuple(tags.items())


def _tag(resource: Resource, key: str) -> str:
    return ((resource.Tags or {}).get(key) or "").strip()


def _tail(id_: str) -> str:
    """What people call it: the end of an ARN."""
    return id_.rstrip("/").rpartition("/")[2].rpartition(":")[2] or id_
