"""Misconfigurations and secrets that scanners find: their rules, in our own words."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One rule. `day` is when the scanner first applies it; `where` the file or the kind of resource."""

    id: str
    severity: str
    title: str
    text: str
    resolution: str
    where: str
    day: int = 0


DOCKERFILE: Sequence[Check] = (
    Check(
        "DS-0002",
        "HIGH",
        "The image runs as root",
        "No USER stands in the Dockerfile.",
        "Add a USER that is not root.",
        "Dockerfile",
    ),
    Check(
        "DS-0026",
        "LOW",
        "Nobody asks whether the container is well",
        "There is no HEALTHCHECK.",
        "Add a HEALTHCHECK.",
        "Dockerfile",
    ),
    Check(
        "DS-0001",
        "MEDIUM",
        "The base image has no fixed tag",
        "FROM names the tag latest.",
        "Name a version.",
        "Dockerfile",
        20,
    ),
)
TERRAFORM: Sequence[Check] = (
    Check(
        "AWS-0086",
        "HIGH",
        "A bucket may be opened to the public",
        "No public access block keeps public ACLs out.",
        "Set block_public_acls.",
        "infra/main.tf",
    ),
    Check(
        "AWS-0107",
        "CRITICAL",
        "A security group lets the whole internet in",
        "An ingress rule names 0.0.0.0/0.",
        "Name the networks that may come in.",
        "infra/network.tf",
    ),
    Check(
        "AWS-0132",
        "HIGH",
        "A bucket is not encrypted with an own key",
        "保存時の暗号化に顧客管理キーが使われていません。",
        "Set a KMS key.",
        "infra/main.tf",
        35,
    ),
    Check(
        "AWS-0104",
        "CRITICAL",
        "A security group lets everything out",
        "An egress rule names 0.0.0.0/0.",
        "Name where it may go.",
        "infra/network.tf",
        10,
    ),
)
WORKLOAD: Sequence[Check] = (
    Check(
        "KSV-0014",
        "HIGH",
        "The root file system can be written",
        "readOnlyRootFilesystem is not set.",
        "Set it to true.",
        "container",
    ),
    Check(
        "KSV-0012",
        "MEDIUM",
        "The container may run as root",
        "runAsNonRoot is not set.",
        "Set it to true.",
        "container",
    ),
    Check("KSV-0011", "LOW", "CPU has no limit", "resources.limits.cpu is missing.", "Set a limit.", "container"),
    Check(
        "KSV-0017",
        "HIGH",
        "The container is privileged",
        "特権コンテナはホストの全機能を使えます。",
        "Set privileged to false.",
        "container",
        28,
    ),
)
SECRETS: Sequence[Check] = (
    Check("aws-access-key-id", "CRITICAL", "AWS access key id", "AWS", "AKIAIOSFODNN7EXAMPLE", "scripts/deploy.sh", 9),
    Check(
        "slack-web-hook",
        "MEDIUM",
        "Slack webhook",
        "Slack",
        "https://hooks.slack.example/services/not/a/secret",
        "config/notify.yaml",
        34,
    ),
    Check(
        "private-key",
        "HIGH",
        "Asymmetric private key",
        "AsymmetricPrivateKey",
        "-----BEGIN NOT-A-KEY-----",
        "tests/fixtures/old.pem",
        0,
    ),
)
CONTROLS: Sequence[Check] = (
    Check("S3.1", "MEDIUM", "Buckets should block public access in the whole account", "The account's block of public access is off.", "Switch it on.", "AwsAccount"),
    Check("IAM.6", "CRITICAL", "The root user should have a hardware second factor", "The root user signs in without one.", "Give it one.", "AwsAccount"),
    Check("IAM.4", "CRITICAL", "The root user should have no access key", "root ユーザーのアクセスキーが存在します。", "Delete it.", "AwsAccount", 22),
    Check("EC2.2", "HIGH", "Default security groups should let nothing through", "The default group of a VPC has rules.", "Remove them.", "AwsEc2SecurityGroup"),
    Check("EC2.8", "HIGH", "Instances should ask for metadata with a token only", "IMDSv1 still answers.", "Require IMDSv2.", "AwsEc2Instance"),
    Check("EC2.19", "CRITICAL", "Ports of high risk should not be open to everyone", "A rule opens such a port to the internet.", "Close it.", "AwsEc2SecurityGroup", 13),
    Check("S3.8", "HIGH", "Buckets should block public access one by one", "A bucket does not block it.", "Switch it on.", "AwsS3Bucket"),
    Check("RDS.2", "CRITICAL", "Databases should not be public", "The instance has a public address.", "Take it away.", "AwsRdsDbInstance", 44),
    Check("CloudTrail.1", "HIGH", "A trail over all regions should be on", "There is none that records management events.", "Make one.", "AwsAccount"),
    Check("KMS.4", "MEDIUM", "Keys should be rotated", "鍵の自動更新が無効です。", "Switch rotation on.", "AwsKmsKey"),
)  # fmt: skip
