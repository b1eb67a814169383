"""Where a webhook may go."""

import pytest

from services.alerts.webhooks.dialling import is_permitted


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "240.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1",
        "ff02::1", "::", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "2002:0a00:0001::1", "2002:a9fe:a9fe::", "2001:db8::1",
        "168.63.129.16", "192.0.0.8", "192.88.99.1", "3fff::1", "fe80::5efe:a00:1", "2606:4700::5efe:a00:1", "not an address",
    ],
)  # fmt: skip
@pytest.mark.parametrize("local", [True, False])
def test_inside_addresses_are_refused_in_every_disguise(address: str, local: bool) -> None:
    assert not is_permitted(address, local)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_addresses_of_the_open_internet_are_permitted(address: str) -> None:
    assert is_permitted(address, local=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"])
def test_loopback_only_by_the_local_setting(address: str) -> None:
    assert is_permitted(address, local=True)
    assert not is_permitted(address, local=False)
