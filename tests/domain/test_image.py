"""Image names: one spelling whoever says it."""

import pytest

from kairan.domain.image import ImageName, familiar, parse_image

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        ("nginx", ImageName("docker.io/library/nginx")),
        ("nginx:1.25", ImageName("docker.io/library/nginx", "1.25")),
        (f"nginx:1.25@{DIGEST}", ImageName("docker.io/library/nginx", "1.25", DIGEST)),
        ("index.docker.io/library/nginx", ImageName("docker.io/library/nginx")),
        ("docker.io/nginx", ImageName("docker.io/library/nginx")),
        ("acme/shop", ImageName("docker.io/acme/shop")),
        ("registry.local:5000/shop:2", ImageName("registry.local:5000/shop", "2")),
        ("localhost/shop", ImageName("localhost/shop")),
        ("GHCR.io/acme/shop", ImageName("ghcr.io/acme/shop")),
        ("docker://alpine:3", ImageName("docker.io/library/alpine", "3")),
    ],
)
def test_a_reference_is_read_to_its_canonical_name(reference, image):
    assert parse_image(reference) == image


@pytest.mark.parametrize(
    "reference", ["", "./shop", "/shop", "Shop", "a b", "https://github.com/acme/shop", "ghcr.io/", "a//b"]
)
def test_what_is_no_image_name_is_refused(reference):
    with pytest.raises(ValueError, match="is not an image name"):
        parse_image(reference)


def test_a_familiar_name_leaves_out_what_everybody_leaves_out():
    assert familiar("docker.io/library/nginx") == "nginx"
    assert familiar("docker.io/acme/shop") == "acme/shop"
    assert familiar("ghcr.io/acme/shop") == "ghcr.io/acme/shop"
