"""From the settings to what the link is configured with. Nothing is opened here but TLS files."""

from __future__ import annotations

import ssl

from protocols.contract.topics import AgentTopics
from terminal_agent.cloud.tls import client_context
from terminal_agent.cloud.traffic import LinkConfig
from terminal_agent.errors import CertificatesUnusable
from terminal_agent.settings import Settings


def topics(settings: Settings) -> AgentTopics:
    """The agent's topics."""
    return AgentTopics(settings.agent.clinic, settings.agent.id, settings.broker.root_topic)


def broker_tls(settings: Settings) -> ssl.SSLContext | None:
    """The TLS side of the broker's connection. Raises CertificatesUnusable."""
    tls = settings.broker.tls
    if tls is None:
        return None
    files = [one for one in (tls.ca, tls.certificate, tls.key) if one is not None]
    try:
        for one in files:
            one.open("rb").close()  # Python names the file that it could not open, OpenSSL never does
        return client_context(tls.ca, tls.certificate, tls.key, tls.server_name)
    except ssl.SSLError as error:
        named = ", ".join(map(str, files))
        why = f"the files in [broker.tls] ({named}) cannot be used: {error.reason or error}"
        raise CertificatesUnusable("tls_files", f"{why}; they must be PEM and belong together") from None
    except OSError as error:
        why = f"{error.filename}, named in [broker.tls], cannot be read: {error.strerror}"
        raise CertificatesUnusable(
            "tls_files", f"{why}; correct the path, or give it to the agent's user"
        ) from None


def link_config(settings: Settings) -> LinkConfig:
    """Where the broker is. Raises CertificatesUnusable."""
    broker = settings.broker
    return LinkConfig(
        host=broker.host,
        port=broker.port,
        topics=topics(settings),
        tls=broker_tls(settings),
        protocol=broker.protocol,
        keepalive_s=broker.keepalive_s,
        session_expiry_s=broker.session_expiry_s,
    )
