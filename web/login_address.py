"""Where a request comes from, for the limits on wrong passwords."""

from __future__ import annotations

import ipaddress

from fastapi import Request


def address_of(request: Request) -> str:
    """The sender's address; of IPv6 the network, as one household has 2^64 addresses of it.

    Behind a proxy it is the one that the proxy names (uvicorn reads it when `web.behind_tls` is set).
    """
    host = "unknown" if request.client is None else request.client.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return str(address)
