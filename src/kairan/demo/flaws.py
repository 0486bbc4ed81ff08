"""What is wrong somewhere: flaws with ids, famous ones and invented ones."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

BASELINE = 420  # invented flaws that were known before the first day
_A_DAY = (0, 1, 1, 2, 2, 3, 4, 6)
_SHARES = {"debian": 44, "alpine": 14, "npm": 15, "maven": 10, "pip": 9, "go": 6, "amazon": 6}
_GHSA = "23456789cfghjmpqrvwx"
_NAMES = (
    "tsuru", "kumo", "hoshi", "kaze", "nami", "yuki", "sora", "mori", "ishi", "hana",
    "kawa", "tori", "take", "ume", "matsu", "kiri", "asa", "yoru", "higashi", "minami",
    "nishi", "kita", "aka", "ao", "shiro", "kuro", "midori", "kin", "gin", "tetsu",
)  # fmt: skip
_PATTERNS = {
    "debian": "lib{name}",
    "alpine": "{name}-tools",
    "amazon": "{name}d",
    "npm": "@tsukiakari/{name}",
    "maven": "example.tsukiakari:{name}-core",
    "pip": "{name}-client",
    "go": "tsukiakari.example/go/{name}",
}
_KINDS = (
    ("out-of-bounds read", "CWE-125", "AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:L", 6.5, "MEDIUM"),
    ("out-of-bounds write", "CWE-787", "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "CRITICAL"),
    ("use after free", "CWE-416", "AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8, "HIGH"),
    ("uncontrolled recursion", "CWE-674", "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5, "HIGH"),
    ("path traversal", "CWE-22", "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5, "HIGH"),
    ("open redirect", "CWE-601", "AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, "MEDIUM"),
    ("inefficient regular expression", "CWE-1333", "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", 5.3, "MEDIUM"),
    ("cleartext secret in logs", "CWE-532", "AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N", 3.3, "LOW"),
    ("timing difference in a comparison", "CWE-208", "AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N", 3.7, "LOW"),
)


@dataclass(frozen=True, slots=True)
class Flaw:
    """One vulnerability in one package. `day` is when it came up, counted from the first day of the demo.

    `cvss` is a 3.1 vector without its head. `places` names where it is; None: wherever the dice put it.
    """

    id: str
    ghsa: str
    ecosystem: str
    package: str
    installed: str
    fixed: str
    severity: str
    cvss: str
    score: float
    cwe: str
    title: str
    text: str
    day: int
    published: str
    epss: float
    places: Sequence[str] | None = None

    @property
    def vector(self) -> str:
        return f"CVSS:3.1/{self.cvss}"


@lru_cache(maxsize=4096)
def invented_on(seed: int, day: int) -> tuple[Flaw, ...]:
    """The invented flaws that come up on this day; day 0 brings all that were known before."""
    chance = random.Random(f"{seed}/day/{day}")  # noqa: S311
    number = BASELINE if day == 0 else chance.choice(_A_DAY)
    return tuple(_invented(chance, day, index) for index in range(number))


def invented(seed: int, until: int) -> Iterator[Flaw]:
    for day in range(until + 1):
        yield from invented_on(seed, day)


def _invented(chance: random.Random, day: int, index: int) -> Flaw:
    ecosystem = chance.choices(list(_SHARES), list(_SHARES.values()))[0]
    name = "-".join(chance.sample(_NAMES, 2)) if chance.random() < 0.6 else chance.choice(_NAMES)
    package = _PATTERNS[ecosystem].format(name=name)
    kind, cwe, cvss, score, severity = chance.choice(_KINDS)
    major, minor, patch = chance.randint(0, 6), chance.randint(0, 19), chance.randint(0, 9)
    installed, fixed = _versions(ecosystem, major, minor, patch)
    month = chance.randint(1, 9)
    return Flaw(
        id=f"CVE-2026-{9_000_000 + day * 1_000 + index}",
        ghsa="GHSA-" + "-".join("".join(chance.choices(_GHSA, k=4)) for _ in range(3)),
        ecosystem=ecosystem,
        package=package,
        installed=installed,
        fixed=fixed if chance.random() < 0.8 else "",
        severity=severity,
        cvss=cvss,
        score=score,
        cwe=cwe,
        title=f"{package}: {kind}",
        text=_text(chance, package, kind, fixed),
        day=day,
        published=f"2026-{month:02}-{chance.randint(1, 28):02}T09:00:00Z",
        epss=round(chance.betavariate(0.3, 12), 5),
    )


def _versions(ecosystem: str, major: int, minor: int, patch: int) -> tuple[str, str]:
    old, new = f"{major}.{minor}.{patch}", f"{major}.{minor}.{patch + 1}"
    if ecosystem == "go":
        return f"v{old}", f"v{new}"
    ends = {"debian": ("-1", "-1+deb12u1"), "alpine": ("-r0", "-r1"), "amazon": ("-1.amzn2023", "-2.amzn2023")}
    before, after = ends.get(ecosystem, ("", ""))
    return (f"{old}{before}", f"{old}{after}") if ecosystem in ends else (old, new)


def _text(chance: random.Random, package: str, kind: str, fixed: str) -> str:
    if chance.random() < 0.15:
        return f"デモ用に作られた架空の脆弱性です。{package} に {kind} の問題があり、{fixed} で修正されています。"
    where = chance.choice(("a crafted request", "an uploaded file", "a malformed header", "a long host name"))
    return (
        f"Invented for the demo. In {package}, {where} leads to an {kind}."
        f" Whoever runs a version before {fixed} should upgrade; there is no such software outside of this demo."
    )
