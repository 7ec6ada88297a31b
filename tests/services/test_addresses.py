"""Which addresses a webhook's messages are delivered to."""

import pytest

from app.services.addresses import is_literal, is_public


@pytest.mark.parametrize(
    ("host", "literal"),
    [("127.0.0.1", True), ("::1", True), ("fe80::1", True), ("example.org", False), ("localhost", False), ("", False)],
)
def test_an_address_is_told_from_a_name(host: str, literal: bool):
    assert is_literal(host) is literal


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
        *("192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "::ffff:a9fe:a9fe"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "100::1", "5f00::1"),
        # Each way of writing an IPv4 address inside an IPv6 one, around addresses that are not public.
        *("::ffff:0:127.0.0.1", "::ffff:0:10.0.0.1", "::ffff:0:a9fe:a9fe", "::127.0.0.1", "::a9fe:a9fe"),
        *("64:ff9b::10.0.0.1", "64:ff9b:1:7f00:1::", "64:ff9b:1::8.8.8.8", "2002:a00:1::1", "2002:808:808::1"),
        *("2001:0:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2606:4700::5efe:10.0.0.1"),
        *("2606:4700::200:5efe:127.0.0.1", "3fff::1", "4000::1", "::ffff:ffff:8.8.8.8", "::1:0:0:0"),
        *("", "localhost", "example.org", "2130706433", "0x7f.1", "127.1"),
    ],
)
def test_nothing_is_delivered_to_an_address_that_is_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2a00::1",
    ],
)
def test_public_addresses_are_delivered_to(address: str):
    assert is_public(address)
