"""From the settings to the link's configuration."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from terminal_agent.errors import CertificatesUnusable
from terminal_agent.wiring import broker_tls, link_config, topics
from tests.support.pki import Authority
from tests.unit.terminal_agent.settings.samples import minimal, read

TLS = (
    '[broker.tls]\nca = "ca.pem"\ncertificate = "agent.pem"\n'
    'key = "agent.key"\nserver_name = "broker.example"\n'
)


def test_what_the_link_is_told(tmp_path: Path) -> None:
    more = 'port = 1884\nprotocol = "3.1.1"\nroot_topic = "a/b"\nkeepalive_s = 7\nsession_expiry_s = 600\n'
    config = link_config(read(tmp_path, minimal() + more))
    told = (
        config.host,
        config.port,
        config.protocol,
        config.keepalive_s,
        config.session_expiry_s,
        config.tls,
    )
    assert told == ("127.0.0.1", 1884, "3.1.1", 7, 600, None)
    assert config.topics.of_agent("state") == "a/b/clinic/agent/agent/agent/state"


def test_topics_are_the_agents_own(tmp_path: Path) -> None:
    assert topics(read(tmp_path, minimal())).of_agent("ack") == "clinics/v1/clinic/agent/agent/agent/ack"


def test_tls_expects_the_name_that_is_set_and_always_verifies(tmp_path: Path) -> None:
    Authority(tmp_path).client("agent")
    context = broker_tls(read(tmp_path, minimal() + TLS))
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert getattr(context, "server_name", None) == "broker.example"


def test_a_missing_tls_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        CertificatesUnusable, match=r"ca\.pem, named in \[broker\.tls\], cannot be read: No such"
    ):
        broker_tls(read(tmp_path, minimal() + TLS))


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    key = Path(Authority(tmp_path).client("agent").key)
    made = serialization.load_pem_private_key(key.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    key.write_bytes(made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    with pytest.raises(CertificatesUnusable, match=r"agent\.key, .* the key has a passphrase"):
        broker_tls(read(tmp_path, minimal() + TLS))
