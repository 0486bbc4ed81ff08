"""The query language: one for command line, pages, API and rules. GitHub's style, as people know it.

    is:open severity:>=high repo:acme/* -package:openssl (cve:CVE-2021-44228 or first-seen:<7d) "remote code"

`parse` makes a tree of plain values; `store.queries.search` compiles it to SQL, `evaluate` answers it for one finding.
"""

from kairan.domain.query.evaluate import Facts, matches
from kairan.domain.query.keys import KEYS
from kairan.domain.query.parse import parse
from kairan.domain.query.tree import And, Choice, Node, Not, Or, Pattern, Period, Words

__all__ = ["KEYS", "And", "Choice", "Facts", "Node", "Not", "Or", "Pattern", "Period", "Words", "matches", "parse"]
