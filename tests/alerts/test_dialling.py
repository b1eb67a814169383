"""Where a webhook may go."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.webhooks.dialling import is_permitted

INSIDE = {
    "this host": ["0.0.0.0", "0.0.0.1", "0.255.255.255", "::"],
    "private": ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
    "link-local": ["169.254.0.1", "169.254.169.254", "169.254.170.2", "169.254.255.255", "fe80::1", "fe80::1%eth0", "febf::1"],
    "unique local": ["fc00::", "fc00::1", "fd00:ec2::254", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    "site-local": ["fec0::1", "feff::1"],
    "carrier-grade NAT": ["100.64.0.0", "100.100.100.200", "100.127.255.255"],
    "metadata": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd20:ce::254"],
    "NAT64": ["64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::100.64.0.1", "64:ff9b::0.0.0.0", "64:ff9b:1::8.8.8.8"],
    "6to4": ["2002:0a00:0001::1", "2002:a9fe:a9fe::", "2002:c0a8:0101::1", "2002:6440:0001::", "192.88.99.1"],
    "IPv4-mapped": ["::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::ffff:0.0.0.0", "::ffff:100.64.0.1"],
    "IPv4-translated": ["::ffff:0:10.0.0.1", "::ffff:0:8.8.8.8"],
    "IPv4-compatible": ["::10.0.0.1", "::a9fe:a9fe", "::8.8.8.8"],
    "ISATAP": ["fe80::5efe:a00:1", "2606:4700::5efe:a00:1", "2606:4700::200:5efe:c0a8:101"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:f5ff:fffe"],
    "protocol assignments": ["192.0.0.1", "192.0.0.8", "192.0.0.170", "2001:2::1", "2001:10::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarking": ["198.18.0.1", "198.19.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "4000::1", "5f00::1", "100::1", "e000::1"],
    "no address": ["", "not an address", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "１２７.0.0.1", "[::1]"],
}


@pytest.mark.parametrize("address", [address for addresses in INSIDE.values() for address in addresses])
@pytest.mark.parametrize("local", [True, False])
def test_inside_addresses_are_refused_in_every_disguise(address: str, local: bool) -> None:
    assert not is_permitted(address, local)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "169.253.255.255", "169.255.0.0",
        "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255", "2606:4700:4700::1111",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:0808:0808::1",
    ],
)  # fmt: skip
def test_addresses_of_the_open_internet_are_permitted(address: str) -> None:
    assert is_permitted(address, local=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"])
def test_loopback_only_by_the_local_setting(address: str) -> None:
    assert is_permitted(address, local=True)
    assert not is_permitted(address, local=False)


NOWHERE_GLOBAL = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
"""RFC 6890 and its successors, written down here once more."""
WRAPPINGS = {
    "mapped": lambda inner: IPv6Address(0xFFFF << 32 | inner),
    "NAT64": lambda inner: IPv6Address(0x64FF9B << 96 | inner),
    "6to4": lambda inner: IPv6Address(0x2002 << 112 | inner << 80 | 1),
    "ISATAP": lambda inner: IPv6Address(0x2606470000000000 << 64 | 0x5EFE << 32 | inner),
}


@given(st.sampled_from(NOWHERE_GLOBAL), st.integers(0, 2**32 - 1), st.sampled_from(sorted(WRAPPINGS)))
def test_no_address_of_a_special_range_is_permitted_plain_or_wrapped(network: IPv4Network, offset: int, wrapping: str) -> None:
    inner = int(network.network_address) + offset % network.num_addresses
    assert not is_permitted(str(IPv4Address(inner)), local=False)
    assert not is_permitted(str(WRAPPINGS[wrapping](inner)), local=False)


@given(st.integers(0, 2**128 - 1))
def test_only_global_unicast_and_wrapped_forms_of_ipv6_are_permitted(address: int) -> None:
    if address >> 125 != 0b001 and address >> 32 not in (0xFFFF, 0x64FF9B << 64):
        assert not is_permitted(str(IPv6Address(address)), local=False)
