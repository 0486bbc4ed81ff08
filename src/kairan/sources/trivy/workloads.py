"""Kubernetes workloads: names that stay when the same workload is rolled out again."""

import re
from dataclasses import dataclass
from typing import Any

from kairan.domain.finding import AssetRef
from kairan.sources.trivy.assets import FoundImage, subject_of
from kairan.sources.trivy.report import Subject

# https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go: the alphabet without vowels, 0, 1, 3
# (older hashes were plain numbers).
_TEMPLATE_HASH = re.compile(r"-(?:[bcdfghjklmnpqrstvwxz2456789]{8,10}|\d{8,10})$")
# A CronJob names its jobs by the minute since 1970: of the years 2017 to 2036.
_SCHEDULED = re.compile(r"-(?:2[5-9]|3[0-4])\d{6}$")


@dataclass(frozen=True, slots=True)
class Workload:
    """One resource of a cluster. `cluster` is "-" where the document does not name it, as is `namespace` of none."""

    cluster: str
    namespace: str
    kind: str
    name: str
    container: str = ""

    @property
    def path(self) -> str:
        return f"{self.namespace or '-'}/{self.kind}/{self.name}"

    @property
    def occurrence(self) -> dict[str, Any]:
        told = {
            "cluster": "" if self.cluster == "-" else self.cluster,
            "namespace": self.namespace,
            "kind": self.kind,
            "name": self.name,
            "container": self.container,
        }
        return {key: value for key, value in told.items() if value}


def workload(cluster: str, namespace: str, kind: str, name: str, container: str = "") -> Workload:
    """The workload without what changes with each rollout: a ReplicaSet is its Deployment, a job its CronJob."""
    if kind == "ReplicaSet" and (match := _TEMPLATE_HASH.search(name)):
        kind, name = "Deployment", name[: match.start()]
    elif kind == "Job" and (match := _SCHEDULED.search(name)):
        kind, name = "CronJob", name[: match.start()]
    return Workload(cluster or "-", namespace, kind, name, container)


def workload_asset(of: Workload) -> AssetRef:
    return AssetRef(
        kind="workload",
        external_id=f"{of.cluster}/{of.path}",
        name=f"{of.kind}/{of.name}",
        attributes=(("cluster", of.cluster), ("namespace", of.namespace)),
    )


def workload_subject(of: Workload, scope: str, reference: str = "") -> Subject:
    occurrence = {"container": of.container} if of.container else {}
    return Subject(workload_asset(of), scope, f"{of.cluster}/{of.path}", reference=reference, occurrence=occurrence)


def image_in_workload(image: FoundImage, of: Workload, scope: str) -> Subject:
    occurrence = of.occurrence | image.occurrence
    return Subject(image.asset, scope, image.title, image.version, occurrence=occurrence)


def on_hinted_asset(asset: AssetRef, of: Workload, reference: str = "") -> Subject:
    """Everything on the asset that a person named, the workload in the location."""
    base = subject_of(asset)
    return Subject(
        asset, base.scope, base.title, reference=reference, prefix=of.path, occurrence=of.occurrence, manifests=False
    )
