"""Which asset a report is about, from what it calls its artifact. None where it names nothing one could know again."""

import posixpath
from dataclasses import dataclass
from functools import lru_cache

from kairan.domain.asset import repository as named_repository
from kairan.domain.finding import AssetRef
from kairan.domain.image import ImageName, familiar, parse_image
from kairan.sources.trivy.report import Subject
from kairan.sources.trivy.structs import ArtifactMetadata, Document, Result

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".tar.bz2")
_NAMELESS = frozenset({"", ".", "..", "/"})
_GENERIC = frozenset({"disk", "image"})  # disk.img, image.tar: what everybody's pipeline calls it
_SBOMS = frozenset({"cyclonedx", "spdx"})
_WITH_MANIFESTS = frozenset({"repository", "filesystem", "sbom"})
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class FoundImage:
    """An image a report names, with the version of it that was looked at."""

    name: str
    tag: str = ""
    digest: str = ""

    @property
    def asset(self) -> AssetRef:
        return AssetRef("image", self.name, familiar(self.name))

    @property
    def version(self) -> str:
        return self.digest or self.tag

    @property
    def title(self) -> str:
        return f"{self.name}:{self.tag}" if self.tag else self.name

    @property
    def occurrence(self) -> dict[str, str]:
        return {key: value for key, value in (("tag", self.tag), ("digest", self.digest)) if value}


@lru_cache(maxsize=10_000)
def image_of(reference: str) -> ImageName | None:
    """The image of a reference, or None where it is a path, an archive or no name at all."""
    if not reference or reference.lower().endswith(_ARCHIVES):
        return None
    try:
        return parse_image(reference)
    except ValueError:
        return None


def without_os(target: str) -> str:
    """`alpine:3.10 (alpine 3.10.2)` is `alpine:3.10`: Trivy puts the system's version into an OS target."""
    return target.partition(" (")[0] if target.endswith(")") else target


def find_image(reference: str, metadata: ArtifactMetadata | None, targets: list[str]) -> FoundImage | None:
    """The image by what it was called on the command line, else by its metadata, else by its OS target."""
    metadata = metadata or ArtifactMetadata()
    told = [
        image
        for text in (metadata.Reference, *(metadata.RepoTags or ()), *(metadata.RepoDigests or ()))
        if (image := image_of(text or ""))
    ]
    named = None if _is_image_id(reference, metadata) else image_of(reference)
    if named and told and not _is_explicit(reference, named) and named.name not in {image.name for image in told}:
        named = None  # a folder's name that happens to parse
    chosen = named or (told[0] if told else _by_target(targets))
    return _with_version(chosen, told, metadata) if chosen else None


def _is_image_id(reference: str, metadata: ArtifactMetadata) -> bool:
    bare = reference.removeprefix("sha256:")
    return len(bare) >= 12 and set(bare) <= _HEX and (metadata.ImageID or "").removeprefix("sha256:").startswith(bare)


def _is_explicit(reference: str, image: ImageName) -> bool:
    host, slash, _ = reference.partition("/")
    return bool(image.tag or image.digest or (slash and ("." in host or ":" in host)))


def _by_target(targets: list[str]) -> ImageName | None:
    return next((image for target in targets if (image := image_of(without_os(target)))), None)


def _with_version(chosen: ImageName, told: list[ImageName], metadata: ArtifactMetadata) -> FoundImage:
    same = [image for image in told if image.name == chosen.name]
    tag = chosen.tag or next((image.tag for image in same if image.tag), "")
    digests = [chosen.digest, *(image.digest for image in same), *(image.digest for image in told)]
    digest = next((digest for digest in digests if digest), "") or metadata.ImageID or ""
    return FoundImage(chosen.name, tag, digest)


def os_targets(results: list[Result]) -> list[str]:
    """Targets that hold the system: `name:tag (os version)`."""
    return [result.Target for result in results if result.Target and is_os_target(result)]


def is_os_target(result: Result) -> bool:
    if result.Class:
        return result.Class == "os-pkgs"
    return (result.Target or "").endswith(")")


def image_subject(image: FoundImage, reference: str = "") -> Subject:
    return Subject(
        asset=image.asset,
        scope=f"image:{image.name}",
        title=image.title,
        version=image.version,
        reference=reference,
        occurrence=dict(image.occurrence),
    )


def subject_of(asset: AssetRef, version: str = "", reference: str = "") -> Subject:
    return Subject(
        asset=asset,
        scope=f"{asset.kind}:{asset.external_id}",
        title=asset.name or asset.external_id,
        version=version,
        reference=reference,
        manifests=asset.kind in _WITH_MANIFESTS,
    )


def hinted_subject(asset: AssetRef, document: Document | None = None) -> Subject:
    """The asset a person named. An image still tells its tag and digest."""
    if asset.kind == "image" and (image := image_of(asset.external_id)):
        metadata = (document.Metadata if document else None) or ArtifactMetadata()
        told = [found for text in metadata.RepoTags or () if (found := image_of(text))]
        told += [found for text in metadata.RepoDigests or () if (found := image_of(text))]
        return image_subject(_with_version(image, told, metadata), (document.ArtifactName if document else "") or "")
    return subject_of(asset, reference=(document.ArtifactName if document else "") or "")


def artifact_subject(document: Document) -> Subject | None:
    """What a report is about, by the type of its artifact."""
    name, type_ = (document.ArtifactName or "").strip(), document.ArtifactType or ""
    metadata = document.Metadata or ArtifactMetadata()
    results = document.Results or []
    targets = os_targets(results)
    if type_ in _SBOMS:
        image = find_image("", metadata, [])
        return image_subject(image, name) if image else _path_subject("sbom", name)
    if type_ == "container_image" or (not type_ and _shows_image(name, metadata, targets)):
        image = find_image(name, metadata, targets)
        return image_subject(image, name) if image else _path_subject("image_archive", name)
    if type_ == "vm":
        return _vm_subject(name)
    if type_ == "aws_account":
        return subject_of(AssetRef("aws_account", name, name)) if name else None
    return _source_subject(metadata.RepoURL or name, metadata.Commit or "", name)


def _shows_image(name: str, metadata: ArtifactMetadata, targets: list[str]) -> bool:
    """Without a type: the metadata of an image, or a system found in what is called by an image's name."""
    if metadata.ImageID or metadata.RepoTags or metadata.RepoDigests:
        return True
    return any(
        image_of(without_os(target)) and without_os(target) == (name or without_os(target)) for target in targets
    )


def _vm_subject(name: str) -> Subject | None:
    if name.startswith(("ami:", "ebs:")):
        return subject_of(AssetRef("vm_image", name, name), reference=name)
    return _path_subject("vm_image", name)


def _source_subject(name: str, commit: str, reference: str) -> Subject | None:
    if repository := repository_of(name):
        return subject_of(named_repository(repository), commit, reference)
    return _path_subject("filesystem", name, commit)


def repository_of(url: str) -> str:
    """`https://GitHub.com/a/b.git` and `git@github.com:a/b` are `github.com/a/b`; "" where it is no URL."""
    if "://" in url:
        rest = url.partition("://")[2]
    elif url.startswith("git@") and ":" in url:
        rest = url.replace(":", "/", 1)
    else:
        return ""
    host, _, path = rest.partition("/")
    host = host.rpartition("@")[2].lower()  # credentials in a URL stay out
    path = path.partition("?")[0].strip("/").removesuffix(".git")
    return f"{host}/{path}" if host and path else ""


def _path_subject(kind: str, name: str, version: str = "") -> Subject | None:
    """A file or folder by its path; None where the name fits any machine."""
    if name in _NAMELESS:
        return None
    path = posixpath.normpath(name)
    generic = "/" not in path and path.partition(".")[0].lower() in _GENERIC and kind in {"vm_image", "image_archive"}
    if path in _NAMELESS or generic:
        return None
    return subject_of(AssetRef(kind, path, path), version, name)
