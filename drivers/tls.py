"""The client's side of TLS: a context from files, the certificate's name, and what a failure means."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Callable

from drivers.config import TlsConfig
from drivers.transport import EndpointUnavailable

# OpenSSL's verification results (x509_vfy.h)
_EXPIRED, _NAME_MISMATCH, _ADDRESS_MISMATCH = 10, 62, 64


def client_context(config: TlsConfig) -> ssl.SSLContext:
    """TLS 1.2 or later with the peer always verified. Files are read anew at each opening, so that a renewed
    certificate needs no restart. Raises EndpointUnavailable tls_files."""
    try:
        context = ssl.create_default_context(cafile=config.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = config.pinned_cn is None
        if config.certificate_file is not None:
            refuse = passphrase_refused(config.key_file or config.certificate_file)
            context.load_cert_chain(config.certificate_file, config.key_file, refuse)
    except OSError as error:  # ssl.SSLError included
        raise EndpointUnavailable("tls_files", _unreadable(config, error)) from None
    return context


def passphrase_refused(key_file: str) -> Callable[[], str]:
    """For `load_cert_chain`: OpenSSL would ask for the passphrase of a key at the console, and wait."""

    def refuse() -> str:
        raise OSError(errno.EPERM, "the key has a passphrase; keep it without one, mode 0400", key_file)

    return refuse


def _unreadable(config: TlsConfig, error: OSError) -> str:
    files = (config.ca_file, config.certificate_file, config.key_file)
    named = ", ".join(name for name in files if name is not None) or "the system's authorities"
    return f"the TLS files ({named}) could not be loaded ({error.strerror or error}); must be readable PEM"


def common_name(tls: ssl.SSLObject) -> str | None:
    """The CN of the peer's certificate, which was verified."""
    subject = (tls.getpeercert() or {}).get("subject", ())
    pairs = [
        pair for group in subject if isinstance(group, tuple) for pair in group if isinstance(pair, tuple)
    ]
    return next((str(pair[1]) for pair in pairs if pair[0] == "commonName"), None)


def check_pinned(config: TlsConfig, where: str, name: str | None) -> None:
    """Raises EndpointUnavailable tls_name unless the certificate carries the pinned CN, if one is pinned."""
    if config.pinned_cn not in (None, name):
        raise EndpointUnavailable(
            "tls_name",
            f"{where} shows a certificate for {name!r}, not {config.pinned_cn!r}: a foreign terminal, "
            "or its name changed in the settings",
        )


def refused(where: str, config: TlsConfig, error: ssl.SSLError) -> EndpointUnavailable:
    """What a failed handshake means, and what to do."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return EndpointUnavailable(
            "tls_failed", f"{where} broke off the TLS handshake ({error.reason}); is it TLS there?"
        )
    if error.verify_code in (_NAME_MISMATCH, _ADDRESS_MISMATCH):
        wanted = config.server_name or "the host of its address"
        return EndpointUnavailable(
            "tls_name",
            f"{where} shows a certificate for another name than {wanted}; correct server_name or the address",
        )
    if error.verify_code == _EXPIRED:
        return EndpointUnavailable(
            "tls_expired", f"{where} shows an expired certificate; renew it, or set the clock"
        )
    return EndpointUnavailable(
        "tls_untrusted",
        f"{where} shows a certificate of an unknown authority ({error.verify_message}); correct `ca`",
    )
