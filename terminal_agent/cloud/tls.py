"""The TLS side of the broker's connection: both ends prove who they are (TLS 1.2 or later)."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from drivers.tls import passphrase_refused


class NamedContext(ssl.SSLContext):
    """A client context that expects `server_name` in the other side's certificate, whatever was dialled."""

    server_name: str | None = None

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """The same as SSLContext.wrap_socket, with the name that is expected."""
        if self.server_name is not None:
            options["server_hostname"] = self.server_name
        return super().wrap_socket(*args, **options)


def client_context(
    ca: Path, certificate: Path | None = None, key: Path | None = None, server_name: str | None = None
) -> ssl.SSLContext:
    """A context that trusts `ca` alone and shows our certificate. Raises OSError and ssl.SSLError for files
    that cannot be read or do not belong together; the errors name no key material."""
    context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.server_name = server_name
    context.load_verify_locations(cafile=ca)
    if certificate is not None:
        context.load_cert_chain(certificate, key, passphrase_refused(str(key or certificate)))
    return context
