"""The vendor's contracts, to which every drawn message is held."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from jsonschema.protocols import Validator
from jsonschema.validators import Draft202012Validator

from conftest import ROOT

FOLDER = ROOT.parent / "shared" / "contracts" / "slack"


def _contract(name: str) -> Any:
    path = FOLDER / name
    if not path.is_file():
        if os.environ.get("KAIRAN_REQUIRE_ALL"):
            pytest.fail(f"the contract is missing at {path}")
        pytest.skip(f"no contract at {path}")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def block_kit() -> Validator:
    return Draft7Validator(_contract("block-kit-with-limits.schema.json"))


@pytest.fixture(scope="session")
def view_schema() -> Validator:
    whole = _contract("block-kit-with-limits.schema.json")
    return Draft7Validator({"definitions": whole["definitions"], "$ref": "#/definitions/ModalView"})


@pytest.fixture(scope="session")
def bodies() -> Callable[[str], Validator]:
    """The JSON body of a method, as the derived OpenAPI document has it."""
    document = _contract("slack_web_openapi_v3.derived.json")

    def body(method: str) -> Validator:
        content = document["paths"][f"/{method}"]["post"]["requestBody"]["content"]
        return Draft202012Validator(content["application/json"]["schema"])

    return body


@pytest.fixture(scope="session")
def goldens() -> Path:
    return Path(__file__).parent / "goldens"
