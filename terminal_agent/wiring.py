"""From the settings to what the link is configured with. Nothing is opened here but TLS files."""

from __future__ import annotations

import ssl

from protocols.contract.topics import AgentTopics
from terminal_agent.cloud.tls import client_context
from terminal_agent.cloud.traffic import LinkConfig
from terminal_agent.settings import Settings


def topics(settings: Settings) -> AgentTopics:
    """The agent's topics."""
    return AgentTopics(settings.agent.clinic, settings.agent.id, settings.broker.root_topic)


def broker_tls(settings: Settings) -> ssl.SSLContext | None:
    """The TLS side of the broker's connection. Raises OSError (ssl.SSLError included) for unusable files."""
    tls = settings.broker.tls
    if tls is None:
        return None
    return client_context(tls.ca, tls.certificate, tls.key, tls.server_name)


def link_config(settings: Settings) -> LinkConfig:
    """Where the broker is. Raises OSError (ssl.SSLError included) for unusable TLS files."""
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
