"""Who is affected by something, as values: what is answered to `/kairan CVE-2021-44228`."""

import msgspec


class Share(msgspec.Struct, frozen=True):
    """One team's share in one status. `team` "" is nobody's; `status` "": findings that no rule opened a case for."""

    team: str
    status: str
    findings: int
    assets: int
    case: int | None = None


class Affected(msgspec.Struct, frozen=True):
    """`asked` as it was typed. `known` False: Kairan never heard of it. `is_cut`: there is more than was counted.

    `shares` are the first of `total`.
    """

    asked: str
    known: bool = False
    shares: tuple[Share, ...] = ()
    total: int = 0
    is_cut: bool = False
    is_forbidden: bool = False
    address: str = ""  # where Kairan shows them
