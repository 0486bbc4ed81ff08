"""AWS Security Hub: findings in the AWS Security Finding Format, from GetFindings, files, lines and EventBridge."""

from kairan.sources.aws_security_hub.parse import AwsSecurityHub

SOURCE = AwsSecurityHub()
