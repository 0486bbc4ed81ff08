"""The shape of the house: what keeps it one that others can move into."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from conftest import ROOT
from kairan.entrypoints import reference
from kairan.runtime.environment import VARIABLES

SOURCE = ROOT / "src" / "kairan"
PYTHON_FILES = sorted(SOURCE.rglob("*.py"))


def test_imports_go_down_only() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.django_db
def test_no_model_change_lacks_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("page", reference.PAGES)
def test_the_reference_is_not_stale(page: str) -> None:
    written = ROOT / "docs" / "reference" / page
    assert written.read_text(encoding="utf-8") == reference.PAGES[page](), "run `make docs` and commit"


def test_every_environment_variable_is_documented() -> None:
    named = re.compile(r'"((?:KAIRAN_[A-Z_]+)|DATABASE_URL)"')
    read = {name for file in PYTHON_FILES for name in named.findall(file.read_text()) if "/tests/" not in str(file)}
    assert read == set(VARIABLES)


@pytest.mark.parametrize("folder", ["sources", "destinations", "enrichers"])
def test_every_integration_is_complete_in_its_folder(folder: str) -> None:
    for each in sorted((SOURCE / folder).iterdir()):
        if each.is_dir() and each.name != "__pycache__":
            assert (each / "README.md").is_file(), f"{each} has no README.md"
            assert (each / "tests").is_dir(), f"{each} has no tests"


def test_broad_excepts_stand_only_with_a_reason() -> None:
    for file in PYTHON_FILES:
        lines = file.read_text().splitlines()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node):
                line = lines[node.lineno - 1]
                assert "  # " in line or _reraises(node), f"{file}:{node.lineno} has no reason"


def _is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def _reraises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))


def test_every_public_module_says_what_it_is() -> None:
    silent = [
        str(file.relative_to(SOURCE))
        for file in PYTHON_FILES
        if "migrations" not in file.parts and not ast.get_docstring(ast.parse(file.read_text()))
    ]
    assert silent == []


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 100
