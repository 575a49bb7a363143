"""The way to the broker, step by step, so that the part that fails can be named.

Files, our certificate, the network, the broker's certificate, at last MQTT itself. The agent may run
meanwhile: we come under another client id, subscribe to what nobody publishes, and keep no session.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from protocols.contract.messages import Message
from protocols.contract.topics import AgentTopics
from terminal_agent.checks.findings import Finding
from terminal_agent.cloud.link import Link
from terminal_agent.cloud.traffic import Inbound
from terminal_agent.errors import CertificatesUnusable
from terminal_agent.observability.certificate import CertificateError, read
from terminal_agent.settings import Settings
from terminal_agent.wiring import broker_tls, link_config, topics

NETWORK_LIMIT_S = 5.0
MQTT_LIMIT_S = 6.0
RENEW_BELOW_DAYS = 30
# What is not well: its code, and the text for people.
_Word = tuple[str, str]


async def check_broker(settings: Settings, now: datetime) -> AsyncIterator[Finding]:
    """From the files to MQTT; ends at the first step without which the next make no sense."""
    tls = settings.broker.tls
    if tls is not None and tls.certificate is not None:
        certificate = check_certificate(tls.certificate, settings.agent.id, now)
        yield certificate
        if certificate.level == "failed":
            return
    try:
        context = broker_tls(settings)
    except CertificatesUnusable as error:
        yield _failed(str(error), error.code)
        return
    for one in (None,) if context is None else (None, context):
        finding = await _connect(settings, one)
        if finding is not None:
            yield finding
            return
    yield _about_mqtt(settings, await _Visit(settings).first_word())


def check_certificate(path: Path, agent: str, now: datetime) -> Finding:
    """Our certificate names this agent and is valid now."""
    name = str(path)
    try:
        found = read(path)
    except CertificateError as error:
        return Finding("broker", name, "failed", str(error), "certificate_unreadable")
    days = found.days_left(now)
    facts = {"common_name": found.common_name, "days_left": days}
    if found.common_name != agent:
        text = f"it names {found.common_name!r}, but agent.id is {agent!r}; the two must be equal"
        return Finding("broker", name, "failed", text, "certificate_name", facts)
    if now < found.not_before or days < 0:
        span = f"{found.not_before:%Y-%m-%d} to {found.not_after:%Y-%m-%d}"
        text = f"valid from {span}; renew it, or set the clock"
        return Finding("broker", name, "failed", text, "certificate_expired", facts)
    text = f"names {agent!r}, valid for {days} more days"
    if days < RENEW_BELOW_DAYS:
        return Finding("broker", name, "warning", f"{text}; renew it", "certificate_ends_soon", facts)
    return Finding("broker", name, "ok", text, "ok", facts)


def _where(settings: Settings) -> str:
    return f"{settings.broker.host}:{settings.broker.port}"


def _failed(text: str, code: str, settings: Settings | None = None) -> Finding:
    return Finding("broker", _where(settings) if settings else "broker", "failed", text, code)


async def _connect(settings: Settings, context: ssl.SSLContext | None) -> Finding | None:
    """Reach the port, with TLS if a context is given; what is wrong, or None."""
    broker = settings.broker
    name = None
    if context is not None:
        name = broker.tls.server_name if broker.tls and broker.tls.server_name else broker.host
    try:
        async with asyncio.timeout(NETWORK_LIMIT_S):
            _, writer = await asyncio.open_connection(
                broker.host, broker.port, ssl=context, server_hostname=name
            )
    except (OSError, TimeoutError) as error:
        text, code = _about_network(settings, error)
        return _failed(text, code, settings)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return None


def _about_network(settings: Settings, error: OSError) -> tuple[str, str]:
    """What a failed connection means and what to do, and its stable code."""
    match error:
        case socket.gaierror():
            name = settings.broker.host
            return f"the name {name!r} is not known; correct broker.host or the DNS", "name_unknown"
        case TimeoutError():
            return f"no answer within {NETWORK_LIMIT_S:g} s; network down, or a firewall?", "timeout"
        case ConnectionRefusedError():
            return "nobody listens there; correct broker.port, or start the broker", "refused"
        case ssl.SSLCertVerificationError():
            why = error.verify_message
            return f"its certificate is not accepted: {why}; correct tls.ca or server_name", "tls_untrusted"
        case ssl.SSLError():
            return f"it broke off the TLS handshake ({error.reason}); is it TLS there?", "tls_failed"
    return f"it cannot be reached: {error.strerror or type(error).__name__}", "unreachable"


@dataclass(frozen=True)
class _VisitorsTopics(AgentTopics):
    """The same agent's topics for a visitor: another client id, and only what nobody publishes."""

    host_agent: AgentTopics | None = None

    def subscriptions(self) -> tuple[str, str, str]:
        """One topic in place of three, so that no command of the running agent is taken away."""
        quiet = (self.host_agent or self).of_agent("cmd", "check")
        return (quiet, quiet, quiet)


class _Visit:
    """Connects and subscribes by the agent's own door. The first word decides."""

    def __init__(self, settings: Settings) -> None:
        self._own = topics(settings)
        self._visitor = _VisitorsTopics(
            self._own.clinic, f"{self._own.agent[:29]}-check", self._own.root, self._own
        )
        self._word: asyncio.Future[_Word | None] = asyncio.get_running_loop().create_future()
        config = link_config(settings)
        self._link = Link(
            replace(config, topics=self._visitor, session_expiry_s=0, answer_timeout_s=MQTT_LIMIT_S - 1),
            will=lambda: Message(self._own.of_agent("cmd", "check"), b""),
            on_message=_ignore,
            on_connected=self._connected,
            on_alert=_no_alert,
            on_lost=lambda why: self._say(_not_taken(why)),
            on_refused=self._refused,
        )

    async def first_word(self) -> _Word | None:
        """None when all is well, else what is not."""
        running = asyncio.create_task(self._link.run())
        try:
            async with asyncio.timeout(MQTT_LIMIT_S):
                return await self._word
        except TimeoutError:
            return _not_taken(f"no answer within {MQTT_LIMIT_S:g} s")
        finally:
            running.cancel()
            await asyncio.wait({running})

    async def _connected(self) -> None:
        """A word to a backend node that does not exist: whether our topics are open to us."""
        await self._link.publish(Message(self._own.reply(self._visitor.agent), b""))
        self._say(None)

    def _refused(self, why: str) -> None:
        text = f"it takes us, but refuses what we publish below {self._own.base}: {why}"
        self._say(
            ("topics_refused", f"{text}; its access list must fit root_topic, agent.clinic and agent.id")
        )

    def _say(self, what: _Word | None) -> None:
        if not self._word.done():
            self._word.set_result(what)


async def _ignore(_message: Inbound) -> None:
    """Nobody publishes to a visitor."""


def _no_alert(_code: str, _details: Mapping[str, str]) -> None:
    """A check raises no alarms."""


def _not_taken(why: str) -> _Word:
    text = f"it was reached but does not take us: {why}; is our certificate known to it, is it MQTT there?"
    return "mqtt_refused", text


def _about_mqtt(settings: Settings, word: _Word | None) -> Finding:
    if word is None:
        way = "with TLS on both sides" if settings.broker.tls is not None else "on this machine, without TLS"
        text = f"connected and subscribed, MQTT {settings.broker.protocol}, {way}"
        return Finding("broker", _where(settings), "ok", text)
    code, text = word
    return _failed(text, code, settings)
