"""The command that upgrades a package, ready to be pasted.

What is pasted into a shell is run: a name or version from a report goes into a command only where every sign of it is
harmless there. Operating systems' packages get none: a finding names the source package, the package manager wants
the names of what was built from it.
"""

import re
from collections.abc import Mapping

_HARMLESS = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._/+-]*")
_LONGEST = 200
_COMMANDS: Mapping[str, str] = {
    "npm": "npm install {package}@{version}",
    "pypi": "pip install --upgrade {package}=={version}",
    "cargo": "cargo update --package {package} --precise {version}",
    "gem": "bundle update --conservative {package}",
    "composer": "composer require {package}:{version}",
    "nuget": "dotnet add package {package} --version {version}",
}


def upgrade_command(ecosystem: str, package: str, version: str) -> str:
    """Empty where there is no command, or where a part of it could do something else."""
    command = _COMMANDS.get(ecosystem, "")
    if not command or not all(_HARMLESS.fullmatch(part) and len(part) <= _LONGEST for part in (package, version)):
        return ""
    return command.format(package=package, version=version)
