"""The company's `kairan.yaml`, as its SREs would write it, with the CODEOWNERS file beside it.

On HANDED_OVER one team gives its batches to another: the file changes, and open cases with it.
"""

from collections.abc import Iterator, Mapping

from kairan.demo.organisation import ACCOUNTS, OWNER, REPOSITORIES, TEAMS, Team

FILE = "kairan.yaml"
CODEOWNERS = "CODEOWNERS.mobile-gateway"
HANDED_OVER = 55  # on this day the gateway of the apps moves from Mobile to Members
NEVER_SEEN = "coupon-legacy"  # is in the file, and nobody scans it
NOBODYS = "logistics-production"  # an account that nobody put into the file: its label printer is never patched

_HEAD = f"""# What Kairan tells whom at Tsukiakari Market. Check it with `kairan check`, put it in force with
# `kairan config apply`; `kairan config diff` says before what that would touch.
owner: {OWNER}
language: ja
time_zone: Asia/Tokyo
psirt: [triager, approver]

"""
_RULES = """
rules:
  # What cannot wait: to PSIRT with the triage form, and to each team that has it, at once.
  - name: urgent
    when: is:vulnerability severity:critical
    group_by: vulnerability
    tell:
      - {to: preview, audience: psirt, form: true}
      - {to: preview}
    remind: {after: 4d, every: 5d, times: 3}
    escalate: {to: preview, channel: {id: security-leads, name: security-leads}, after: 21d}
    approve: [risk_accepted]
  # One case for each failed control, however many resources fail it; not at night.
  - name: controls
    when: is:misconfiguration source:aws_security_hub severity:>=medium
    group_by: control
    tell:
      - to: preview
        quiet_hours: {begin: "19:00", end: "09:00", weekends: true}
  # By day, and never more than three an hour: what is over that is rolled up into one message.
  - name: high
    when: is:vulnerability severity:high fixed:yes -asset-kind:image
    group_by: vulnerability
    tell:
      - to: preview
        ceiling: 3
        quiet_hours: {begin: "20:00", end: "08:30"}
    approve: [risk_accepted]
  # The rest that can be fixed: once a week, by the package to raise.
  - name: weekly
    when: is:vulnerability severity:medium fixed:yes
    group_by: fix
    tell:
      - {to: preview, audience: psirt, digest: "0 9 * * 1"}
      - {to: preview, digest: "0 9 * * 1"}
  - name: secrets
    when: is:secret
    group_by: asset
    tell:
      - {to: preview, audience: psirt}
      - {to: preview}

destinations:
  - name: preview
    kind: preview
    channel: {id: psirt, name: psirt}
    language: ja

sla: {critical: 7d, high: 30d, medium: 90d}
baseline: {slice: 6, at: "0 10 * * 1-5"}
"""
_OWNERS_OF_THE_GATEWAY = f"""# Who reviews what in mobile-gateway
*          @{OWNER}/platform
/gateway/  @{OWNER}/{{gateway}}
"""


def files(day: int) -> Mapping[str, str]:
    """The files as they are on this day, by name."""
    gateway = "mobile" if day < HANDED_OVER else "members"
    owners = _OWNERS_OF_THE_GATEWAY.format(gateway=gateway)
    return {FILE: _HEAD + "".join(_teams()) + "".join(_ownership(gateway)) + _RULES, CODEOWNERS: owners}


def _teams() -> Iterator[str]:
    yield "teams:\n"
    for team in TEAMS:
        members = [each.username for each in team.people] + [name for name, key in MEMBER_OF.items() if key == team.key]
        yield f"  - key: {team.key}\n"
        yield f"    name: {team.name}\n"
        yield f"    members: [{', '.join(members)}]\n"
        yield f"    language: {team.language}\n"
        yield f"    time_zone: {team.time_zone}\n"
        yield f"    channels: {{preview: {{id: {team.key}-alerts, name: {team.key}-alerts}}}}\n"
    yield "\n"


MEMBER_OF = {"member": "storefront", "triager": "platform"}  # logins of the demo that are in a team


def _ownership(gateway: str) -> Iterator[str]:
    """The first entry that fits wins: repositories and images before their clusters, these before accounts."""
    yield "ownership:\n"
    yield f"  - codeowners: {CODEOWNERS}\n"
    yield f"    repository: [{OWNER}/mobile-gateway]\n"
    yield f'    owners: {{"@{OWNER}/platform": platform, "@{OWNER}/{gateway}": {gateway}}}\n'
    for team in TEAMS:
        yield from _things(team, gateway)
    for team in TEAMS:
        namespaces = sorted({each.namespace for each in REPOSITORIES if owner_of(each.name, gateway) == team.key})
        if namespaces:
            yield f"  - {{team: {team.key}, namespace: [{', '.join(namespaces)}]}}\n"
    for team in TEAMS:
        numbers = [f'"{each.number}"' for each in ACCOUNTS if each.team == team.key and each.name != NOBODYS]
        if numbers:
            yield f"  - {{team: {team.key}, account: [{', '.join(numbers)}]}}\n"


def _things(team: Team, gateway: str) -> Iterator[str]:
    mine = [each.name for each in REPOSITORIES if owner_of(each.name, gateway) == team.key]
    if team.key == "platform":
        mine.append(NEVER_SEEN)
    if mine:
        yield f"  - {{team: {team.key}, repository: [{', '.join(f'{OWNER}/{name}' for name in mine)}]}}\n"
        images = ", ".join(f'"*/{name}"' for name in mine if name != NEVER_SEEN)
        if images:
            yield f"  - {{team: {team.key}, image: [{images}]}}\n"


def owner_of(repository: str, gateway: str) -> str:
    """The team that owns a repository and its image."""
    if repository == "mobile-gateway":
        return gateway
    return next(each.team for each in REPOSITORIES if each.name == repository)
