"""Trivy: its native JSON in every schema version, `trivy k8s`, and the custom resources of the Trivy operator."""

from kairan.sources.trivy.parse import Trivy

SOURCE = Trivy()
