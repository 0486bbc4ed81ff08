"""The invented company: a group of web shops with its teams, people, repositories, cloud accounts and clusters.

Nobody in it exists. Its addresses end in `.example`, its account numbers begin with eight zeros.
"""

from collections.abc import Sequence
from dataclasses import dataclass

COMPANY = "Tsukiakari Market"
COMPANY_JA = "月あかりマーケット"
OWNER = "tsukiakari-example"  # on GitHub
DOMAIN = "tsukiakari.example"
REGION = "ap-northeast-1"


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the company. `language` is what they read; nobody logs in as them."""

    username: str
    name: str
    language: str = "ja"

    @property
    def email(self) -> str:
        return f"{self.username}@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Team:
    """A team with its people. What it owns stands in the company's kairan.yaml (demo.configuration)."""

    key: str
    name: str
    language: str
    time_zone: str
    people: Sequence[Someone]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository, and the image that is built from it. `namespace` says where it runs in the clusters."""

    name: str
    team: str
    ecosystem: str
    manifest: str
    system: str
    namespace: str

    @property
    def full_name(self) -> str:
        return f"{OWNER}/{self.name}"

    @property
    def image(self) -> str:
        """Without its tag: all images lie in the registry of the shared account."""
        return f"{SHARED.number}.dkr.ecr.{REGION}.amazonaws.com/{self.name}"


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account, and the instances in it that Inspector watches."""

    number: str
    name: str
    team: str
    hosts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kubernetes cluster; it runs what is deployed in these namespaces."""

    name: str
    namespaces: frozenset[str]


ACCOUNTS = (
    Account("000000001101", "shared-services", "platform", ("bastion-1", "build-1")),
    Account("000000001102", "shop-production", "storefront", ("edge-1",)),
    Account("000000001103", "payments-production", "payments", ("hsm-proxy-1",)),
    Account("000000001104", "logistics-production", "logistics", ("label-printer-1", "warehouse-db-1")),
    Account("000000001105", "data-production", "data", ("etl-1",)),
    Account("000000001106", "sandbox", "platform", ("trial-1",)),
)
SHARED = ACCOUNTS[0]

REPOSITORIES = (
    Repository("shop-front", "storefront", "npm", "package-lock.json", "alpine", "shop"),
    Repository("shop-bff", "storefront", "npm", "package-lock.json", "debian", "shop"),
    Repository("payments-api", "payments", "maven", "pom.xml", "debian", "payments"),
    Repository("fraud-check", "payments", "pip", "requirements.txt", "debian", "payments"),
    Repository("search-service", "search", "maven", "pom.xml", "debian", "search"),
    Repository("recommend", "search", "pip", "services/api/requirements.txt", "debian", "search"),
    Repository("warehouse-batch", "logistics", "maven", "batch/pom.xml", "debian", "logistics"),
    Repository("delivery-tracking", "logistics", "go", "go.mod", "alpine", "logistics"),
    Repository("member-id", "members", "go", "go.mod", "alpine", "members"),
    Repository("loyalty-points", "members", "maven", "pom.xml", "debian", "members"),
    Repository("mobile-gateway", "mobile", "npm", "gateway/package-lock.json", "alpine", "mobile"),
    Repository("data-pipeline", "data", "pip", "requirements.txt", "debian", "data"),
)

CLUSTERS = (
    Cluster("tokyo-prod", frozenset({"shop", "payments", "search", "logistics", "members", "mobile"})),
    Cluster("osaka-data", frozenset({"data", "search"})),
)


def _team(key: str, name: str, people: Sequence[Someone], language: str = "ja", zone: str = "Asia/Tokyo") -> Team:
    return Team(key, name, language, zone, people)


TEAMS = (
    _team(
        "storefront",
        "ストアフロント / Storefront",
        (Someone("m.hoshino", "星野 美咲"), Someone("k.aoyama", "青山 健太"), Someone("l.marsh", "Lena Marsh", "en")),
    ),
    _team(
        "payments",
        "決済基盤 / Payments",
        (Someone("t.kuroki", "黒木 拓真"), Someone("y.shirai", "白井 由紀"), Someone("o.brandt", "Oskar Brandt", "en")),
    ),
    _team(
        "search",
        "検索・レコメンド / Search",
        (Someone("r.minase", "水瀬 涼"), Someone("p.okafor", "Peace Okafor", "en"), Someone("h.nagi", "凪 遥")),
    ),
    _team(
        "logistics",
        "物流システム / Logistics",
        (Someone("s.takamine", "高嶺 翔"), Someone("n.ichinose", "一ノ瀬 直子"), Someone("d.ruiz", "Diego Ruiz", "en")),
    ),
    _team(
        "members",
        "会員基盤 / Members",
        (Someone("a.tachibana", "橘 葵"), Someone("j.fujimori", "藤森 純"), Someone("i.kask", "Ingrid Kask", "en")),
    ),
    _team(
        "mobile",
        "Mobile apps",
        (
            Someone("c.lindqvist", "Carin Lindqvist", "en"),
            Someone("b.sato", "佐藤 ベン"),
            Someone("v.rao", "Vikram Rao", "en"),
        ),
        "en",
        "Europe/Berlin",
    ),
    _team(
        "data",
        "データ基盤 / Data",
        (Someone("e.kamiya", "神谷 恵理"), Someone("f.mori", "森 文彦"), Someone("w.chen", "Wei Chen", "en")),
    ),
    _team(
        "platform",
        "プラットフォーム / Platform SRE",
        (Someone("g.tsukino", "月野 源"), Someone("u.sakai", "酒井 うらら"), Someone("z.novak", "Zdenka Novak", "en")),
    ),
)
