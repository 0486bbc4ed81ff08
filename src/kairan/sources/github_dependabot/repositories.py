"""Which repository an alert is of: `host/owner/name`, the identity it has in every source."""

from functools import lru_cache

from kairan.domain.finding import AssetRef
from kairan.sources.github_dependabot.structs import Repository, Whose

HOST = "github.com"
HINT = "it names no repository: import it with --asset repository:github.com/OWNER/NAME"


_NO_OWNERS = frozenset({"orgs", "enterprises", "users", "apps", "settings", "advisories"})


@lru_cache(maxsize=50_000)
def name_in_url(url: str) -> str:
    """`https://github.com/acme/shop/security/dependabot/7` is `github.com/acme/shop`; "" where it is no such URL.

    Addresses of the API, `api.github.com/repos/acme/shop` and `HOST/api/v3/repos/acme/shop`, name the same one.
    """
    scheme, colon, rest = url.partition("://")
    if not colon or scheme not in {"https", "http"}:
        return ""
    host, *path = rest.partition("?")[0].strip("/").split("/")
    host = host.rpartition("@")[2].lower()
    if path[:2] == ["api", "v3"]:
        path = path[2:]
    elif host == f"api.{HOST}":
        host = HOST
    else:
        return _joined(host, path)
    return _joined(host, path[1:]) if path[:1] == ["repos"] else ""


def _joined(host: str, path: list[str]) -> str:
    if not host or len(path) < 2 or not path[0] or not path[1] or path[0] in _NO_OWNERS:
        return ""
    return f"{host}/{path[0]}/{path[1].removesuffix('.git')}"


def asset_of(repository: Repository) -> AssetRef | None:
    """The repository, or None where what it says does not name one: a name without its owner."""
    urls = [url for url in (repository.html_url, repository.url) if url]
    found = next((name for url in urls if (name := name_in_url(url))), "")
    if not found:
        full = repository.nameWithOwner or repository.full_name or ""
        if not full and repository.owner and repository.owner.login and repository.name:
            full = f"{repository.owner.login}/{repository.name}"
        full = full or repository.name or ""  # a run's document may have the owner in it
        owner, slash, name = full.partition("/")
        found = f"{HOST}/{full}" if owner and slash and name and "/" not in name else ""
    node = repository.node_id or (repository.id if isinstance(repository.id, str) else "")
    return named(found, node) if found else None


@lru_cache(maxsize=10_000)
def named(external_id: str, node: str = "") -> AssetRef:
    """`github.com/acme/shop`; people say `acme/shop`, or its URL."""
    names = (external_id.partition("/")[2], f"https://{external_id}")
    return AssetRef("repository", external_id.lower(), external_id, names, (("node_id", node),) if node else ())


def hinted(asset: AssetRef | None) -> AssetRef | None:
    """The asset a person named, with the names a repository has anyway."""
    if asset and asset.kind == "repository" and asset.external_id.count("/") == 2 and not asset.names:
        return named(asset.external_id)
    return asset


def asset_by(whose: Whose) -> AssetRef | None:
    """The repository by an alert's own addresses."""
    urls = [url for url in (whose.html_url, whose.url) if url]
    name = next((name for url in urls if (name := name_in_url(url))), "")
    return named(name) if name else None
