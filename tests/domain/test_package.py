"""Packages: one key from every source, without version."""

import pytest

from kairan.domain.package import from_purl, of, without_version


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("linux-image-5.10.0-8-amd64", "linux-image-amd64"),
        ("linux-headers-6.1.0-13-common", "linux-headers-common"),
        ("linux-modules-5.15.0-91-generic", "linux-modules-generic"),
        ("linux-libc-dev", "linux-libc-dev"),
        ("openssl", "openssl"),
    ],
)
def test_a_name_that_bears_a_version_loses_it(name, plain):
    assert without_version(name) == plain


@pytest.mark.parametrize(
    ("purl", "key", "name"),
    [
        (
            "pkg:deb/debian/libssl1.1@1.1.0k-1~deb9u1?arch=amd64&distro=debian-9.9",
            "pkg:deb/debian/libssl1.1",
            "libssl1.1",
        ),
        ("pkg:npm/%40acme/Left@1.0", "pkg:npm/%40acme/left", "@acme/left"),
        ("pkg:maven/org.acme/core@1", "pkg:maven/org.acme/core", "org.acme:core"),
        ("pkg:pypi/My_Package@1", "pkg:pypi/my-package", "my-package"),
        ("pkg:golang/github.com/Acme/Core@v1", "pkg:golang/github.com/acme/core", "github.com/acme/core"),
        ("pkg:rpm/sles/bash@4", "pkg:rpm/suse/bash", "bash"),
        ("pkg:rpm/opensuse.leap/bash@4", "pkg:rpm/opensuse/bash", "bash"),
    ],
)
def test_a_purl_is_read_without_version_and_qualifiers(purl, key, name):
    found = from_purl(purl)
    assert (found.key, found.name) == (key, name)


def test_the_source_package_takes_the_place_of_the_binary_one():
    assert from_purl("pkg:deb/debian/libssl1.1@1", "openssl") == of("deb", "openssl", "debian")


@pytest.mark.parametrize("purl", ["", "pkg:", "openssl", "pkg:npm/"])
def test_what_is_no_purl_is_refused(purl):
    with pytest.raises(ValueError):
        from_purl(purl)


@pytest.mark.parametrize("name", ["", " ", "/", "//"])
def test_a_blank_name_is_no_package(name):
    with pytest.raises(ValueError):
        of("generic", name)
