"""Where a webhook may go, decided when the socket is made: after DNS, for every address, whatever the URL looked like.

Only addresses that are globally reachable (IANA special-purpose registries, as `ipaddress` knows them), looked at inside
IPv4-mapped, 6to4 and NAT64 forms too; loopback only by an explicit local setting.

Nothing else from here goes along either: no proxy and no password of the environment, no cookie of another receiver.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import aiohttp
from aiohttp.connector import AddrInfoType

from services.alerts.webhooks.names import LookUp, Names

NAT64 = IPv6Network("64:ff9b::/96")
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
NEVER = tuple(
    map(ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "3fff::/20", "5f00::/16"))
)
"""A cloud's host service under a public address, and ranges that an older `ipaddress` takes for global ones."""
ISATAP = (0x00005EFE, 0x02005EFE)
"""The interface identifiers under which an IPv4 address is wrapped (RFC 5214)."""
DNS_SECONDS = 10
IDLE_SECONDS = 30

Address = IPv4Address | IPv6Address


class AddressRefused(OSError):
    """The host's address isn't one that a webhook may go to."""


def outgoing(local: bool, connections: int, look_up: LookUp = socket.getaddrinfo) -> aiohttp.ClientSession:
    """Must be made in a running loop, and closed. An answer isn't unpacked: nobody reads it, and it may be a bomb."""
    return aiohttp.ClientSession(
        connector=_connector(local, connections, look_up),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
    )


def _connector(local: bool, connections: int, look_up: LookUp) -> aiohttp.TCPConnector:
    """Connections that are kept open, none of them to an address that isn't permitted.

    No limit for a host: many endpoints may share one, and what waits for a place here would wait within its timeout.
    """

    def guarded(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, place = info
        if not is_permitted(str(place[0]), local):
            raise AddressRefused("the address isn't permitted")
        return socket.socket(family, kind, protocol)

    return aiohttp.TCPConnector(
        limit=connections,
        resolver=Names(look_up),
        ttl_dns_cache=DNS_SECONDS,
        keepalive_timeout=IDLE_SECONDS,
        socket_factory=guarded,
    )


def is_permitted(host: str, local: bool) -> bool:
    """Whether a webhook may go to this literal address."""
    try:
        address = _innermost(ip_address(host.partition("%")[0]))
    except ValueError:
        return False
    if address.is_loopback:
        return local
    if any(address in network for network in NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or _is_site_local(address))


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64_LOCAL:
        return IPv4Address(0)
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inside is not None:
        return inside
    is_wrapped = address in NAT64 or int(address) >> 32 & 0xFFFFFFFF in ISATAP
    return IPv4Address(int(address) & 0xFFFFFFFF) if is_wrapped else address


def _is_site_local(address: Address) -> bool:
    """fec0::/10, deprecated by RFC 3879 and still routed inside some networks."""
    return isinstance(address, IPv6Address) and address.is_site_local
