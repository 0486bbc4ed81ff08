"""`trivy k8s --report all --format json`: the workloads of a cluster, their images and how they are configured."""

from collections.abc import Iterator
from datetime import datetime

from kairan.demo.checks import WORKLOAD
from kairan.demo.lives import World
from kairan.demo.organisation import REPOSITORIES, Cluster, Repository
from kairan.demo.text import instant
from kairan.demo.trivy import Json, image_results, metadata, misconfiguration


def cluster(world: World, of: Cluster, day: int, at: datetime) -> Json:
    """What runs in the cluster on this day."""
    running = [each for each in REPOSITORIES if each.namespace in of.namespaces]
    resources = [each for one in running for each in _workload(world, one, of, day)]
    return {"ClusterName": of.name, "CreatedAt": instant(at), "Resources": resources}


def _workload(world: World, of: Repository, where: Cluster, day: int) -> Iterator[Json]:
    """Two entries, as Trivy writes them: the image's packages, and the Deployment's settings."""
    name = {"Namespace": of.namespace, "Kind": "Deployment", "Name": of.name}
    yield name | {"Metadata": [metadata(of, day)], "Results": list(image_results(world, of, day))}
    place = f"{where.name}/{of.name}"
    found = []
    for check in WORKLOAD:
        spans = world.lives(check.id, place, since=check.day, severity=check.severity)
        fails = any(first <= day < last for first, last in spans)
        if check.day <= day:
            message = f"Container '{of.name}' of Deployment '{of.name}'"
            found.append(misconfiguration(check, kind="kubernetes", message=message, passed=not fails))
    failures = sum(each["Status"] == "FAIL" for each in found)
    result = {
        "Target": f"Deployment/{of.name}",
        "Class": "config",
        "Type": "kubernetes",
        "MisconfSummary": {"Successes": 40 - failures, "Failures": failures},
        "Misconfigurations": found,
    }
    yield name | {"Results": [result]}
