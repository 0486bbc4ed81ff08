"""CVSS vectors in words. A vector that is none, or of a version nobody knows yet, stays the text it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

_LONGEST = 400
_UNSAID = frozenset({"X", "ND"})

_Words = Mapping[str, str | Promise]
_NONE, _LOW, _HIGH = pgettext_lazy("CVSS", "None"), pgettext_lazy("CVSS", "Low"), pgettext_lazy("CVSS", "High")
_MEDIUM = pgettext_lazy("CVSS", "Medium")
_AMOUNT: _Words = {"N": _NONE, "L": _LOW, "M": _MEDIUM, "H": _HIGH}
_FROM: _Words = {
    "N": pgettext_lazy("CVSS", "Network"),
    "A": pgettext_lazy("CVSS", "Adjacent network"),
    "L": pgettext_lazy("CVSS", "Local"),
    "P": pgettext_lazy("CVSS", "Physical"),
}
_MATURITY: _Words = {
    "A": pgettext_lazy("CVSS", "Attacked"),
    "P": pgettext_lazy("CVSS", "Proof of concept"),
    "POC": pgettext_lazy("CVSS", "Proof of concept"),
    "F": pgettext_lazy("CVSS", "Functional"),
    "H": _HIGH,
    "U": pgettext_lazy("CVSS", "Unproven"),
}
_REMEDY: _Words = {
    "O": pgettext_lazy("CVSS", "Official fix"),
    "OF": pgettext_lazy("CVSS", "Official fix"),
    "T": pgettext_lazy("CVSS", "Temporary fix"),
    "TF": pgettext_lazy("CVSS", "Temporary fix"),
    "W": pgettext_lazy("CVSS", "Workaround"),
    "U": pgettext_lazy("CVSS", "Unavailable"),
}
_CONFIDENCE: _Words = {
    "C": pgettext_lazy("CVSS", "Confirmed"),
    "R": pgettext_lazy("CVSS", "Reasonable"),
    "UR": pgettext_lazy("CVSS", "Uncorroborated"),
    "UC": pgettext_lazy("CVSS", "Unconfirmed"),
    "U": pgettext_lazy("CVSS", "Unknown"),
}
_NEEDED: _Words = {"N": _NONE, "R": pgettext_lazy("CVSS", "Required")}
_SCOPE: _Words = {"U": pgettext_lazy("CVSS", "Unchanged"), "C": pgettext_lazy("CVSS", "Changed")}
_SAFETY: _Words = {
    "N": pgettext_lazy("CVSS", "Negligible"),
    "L": _LOW,
    "H": _HIGH,
    "S": pgettext_lazy("CVSS", "Safety"),
    "P": pgettext_lazy("CVSS", "Present"),
}

_VECTOR, _COMPLEXITY = _("Attack vector"), _("Attack complexity")
_CONFIDENTIALITY, _INTEGRITY, _AVAILABILITY = _("Confidentiality"), _("Integrity"), _("Availability")
_PRIVILEGES, _INTERACTION = _("Privileges required"), _("User interaction")
_Metrics = Mapping[str, tuple[str | Promise, _Words]]

_REQUIREMENTS: _Metrics = {
    "CR": (_("Confidentiality requirement"), _AMOUNT),
    "IR": (_("Integrity requirement"), _AMOUNT),
    "AR": (_("Availability requirement"), _AMOUNT),
}
_TEMPORAL: _Metrics = {
    "E": (_("Exploit code"), _MATURITY),
    "RL": (_("Remedy"), _REMEDY),
    "RC": (_("Report confidence"), _CONFIDENCE),
}
_IMPACT_2: _Words = {
    "N": _NONE,
    "P": pgettext_lazy("CVSS", "Partial"),
    "C": pgettext_lazy("CVSS", "Complete"),
}
_DAMAGE: _Words = {
    **_AMOUNT,
    "LM": pgettext_lazy("CVSS", "Low to medium"),
    "MH": pgettext_lazy("CVSS", "Medium to high"),
}
_TWO: _Metrics = {
    "AV": (_VECTOR, _FROM),
    "AC": (_COMPLEXITY, _AMOUNT),
    "Au": (
        _("Authentication"),
        {"N": _NONE, "S": pgettext_lazy("CVSS", "Once"), "M": pgettext_lazy("CVSS", "Several times")},
    ),
    "C": (_CONFIDENTIALITY, _IMPACT_2),
    "I": (_INTEGRITY, _IMPACT_2),
    "A": (_AVAILABILITY, _IMPACT_2),
    **_TEMPORAL,
    "CDP": (_("Collateral damage"), _DAMAGE),
    "TD": (_("Target distribution"), _AMOUNT),
    **_REQUIREMENTS,
}
_BASE_3: _Metrics = {
    "AV": (_VECTOR, _FROM),
    "AC": (_COMPLEXITY, _AMOUNT),
    "PR": (_PRIVILEGES, _AMOUNT),
    "UI": (_INTERACTION, _NEEDED),
    "S": (pgettext_lazy("CVSS", "Scope"), _SCOPE),
    "C": (_CONFIDENTIALITY, _AMOUNT),
    "I": (_INTEGRITY, _AMOUNT),
    "A": (_AVAILABILITY, _AMOUNT),
}
_BASE_4: _Metrics = {
    "AV": (_VECTOR, _FROM),
    "AC": (_COMPLEXITY, _AMOUNT),
    "AT": (_("Attack requirements"), {"N": _NONE, "P": pgettext_lazy("CVSS", "Present")}),
    "PR": (_PRIVILEGES, _AMOUNT),
    "UI": (
        _INTERACTION,
        {"N": _NONE, "P": pgettext_lazy("CVSS", "Passive"), "A": pgettext_lazy("CVSS", "Active")},
    ),
    "VC": (_CONFIDENTIALITY, _AMOUNT),
    "VI": (_INTEGRITY, _AMOUNT),
    "VA": (_AVAILABILITY, _AMOUNT),
    "SC": (_("Confidentiality of other systems"), _AMOUNT),
    "SI": (_("Integrity of other systems"), {**_SAFETY, **_AMOUNT}),
    "SA": (_("Availability of other systems"), {**_SAFETY, **_AMOUNT}),
}
_SUPPLEMENT_4: _Metrics = {
    "E": (_("Exploit code"), {**_MATURITY, "U": pgettext_lazy("CVSS", "Unreported")}),
    "S": (pgettext_lazy("CVSS", "Safety"), _SAFETY),
    "AU": (_("Automatable"), {"N": pgettext_lazy("CVSS", "No"), "Y": pgettext_lazy("CVSS", "Yes")}),
    "R": (
        _("Recovery"),
        {
            "A": pgettext_lazy("CVSS", "Automatic"),
            "U": pgettext_lazy("CVSS", "By the user"),
            "I": pgettext_lazy("CVSS", "Irrecoverable"),
        },
    ),
    "V": (
        _("Value density"),
        {"D": pgettext_lazy("CVSS", "Diffuse"), "C": pgettext_lazy("CVSS", "Concentrated")},
    ),
    "RE": (_("Effort to respond"), _AMOUNT),
    "U": (
        _("Provider's urgency"),
        {
            "Clear": pgettext_lazy("CVSS urgency", "Clear"),
            "Green": pgettext_lazy("CVSS urgency", "Green"),
            "Amber": pgettext_lazy("CVSS urgency", "Amber"),
            "Red": pgettext_lazy("CVSS urgency", "Red"),
        },
    ),
}
_KINDS: Sequence[tuple[str, Callable[[str], Any], _Metrics, _Metrics]] = (
    ("CVSS:4.", CVSS4, _BASE_4, {**_REQUIREMENTS, **_SUPPLEMENT_4}),
    ("CVSS:3.", CVSS3, _BASE_3, {**_TEMPORAL, **_REQUIREMENTS}),
    ("", CVSS2, _TWO, {}),
)


@dataclass(frozen=True, slots=True)
class Metric:
    """One part of a vector. `sign` is as in the vector; `adjusted`: a value for one's own surroundings ("MAV")."""

    sign: str
    label: str | Promise
    value: str | Promise
    adjusted: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """A vector's metrics in their order, and the base score that follows from it."""

    metrics: Sequence[Metric]
    base_score: float


@lru_cache(maxsize=4_096)
def explained(vector: str) -> Explained | None:
    """The vector in words, or None where it is no valid vector."""
    text = vector.strip().removeprefix("(").removesuffix(")")
    if not text or len(text) > _LONGEST:
        return None
    prefix, read, base, more = next(kind for kind in _KINDS if text.startswith(kind[0]))
    try:
        known = read(text)
    except (CVSSError, ValueError, KeyError, ArithmeticError):
        return None
    body = text.partition("/")[2] if prefix else text
    return Explained(tuple(_metrics(body, base, {**base, **more})), float(known.base_score))


def _metrics(body: str, base: _Metrics, known: _Metrics) -> Sequence[Metric]:
    """Base metrics first, then what else was said; adjusted ones ("MAV") under the name of what they adjust."""
    said = dict(part.partition(":")[::2] for part in body.split("/") if part)
    order = [*base, *(sign for sign in said if sign not in base)]
    metrics = []
    for sign in order:
        value = said.get(sign, "")
        if not value or value in _UNSAID:
            continue
        adjusted = sign not in known and sign[1:] in base
        label, words = known.get(sign[1:] if adjusted else sign, (sign, {}))
        metrics.append(Metric(f"{sign}:{value}", label, words.get(value, value), adjusted))
    return metrics
