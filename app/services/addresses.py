"""Which addresses are public: to no other is a webhook's message delivered, unless the operator allows it."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# All of IPv6 that is given out for the public internet. Outside it lie, among others, the translated form of an
# IPv4 address (::ffff:0:a.b.c.d), the compatible one (::a.b.c.d) and NAT64 within a network.
_PUBLIC_IPV6 = ip_network("2000::/3")
# What Python's `is_global` lets through although nobody on the public internet answers there: Teredo, 6to4 and
# its relays, protocol assignments, documentation.
_NOT_PUBLIC = tuple(
    ip_network(block) for block in ("2001::/23", "2002::/16", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")
)
_NAT64 = ip_network("64:ff9b::/96")
# ISATAP: the third quarter of an address that leads to the IPv4 address in its last one.
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet's: not private, loopback, link-local or the like.

    An IPv6 address that stands for an IPv4 one (mapped, NAT64) is judged as that; one that tunnels to an IPv4
    address is not public. What is no IP address is not public.
    """
    try:
        embedded = _embedded(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if embedded.is_multicast or any(embedded in block for block in _NOT_PUBLIC):
        return False
    if isinstance(embedded, IPv6Address):
        return embedded in _PUBLIC_IPV6 and embedded.is_global and (int(embedded) >> 32) & 0xFFFFFFFF not in _ISATAP
    return embedded.is_global


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_literal(host: str) -> bool:
    """Whether a host is an IP address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
