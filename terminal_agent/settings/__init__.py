"""The settings: what the file may say, how it is read, and what is said when it is wrong."""

from terminal_agent.settings.file import SettingsError, load
from terminal_agent.settings.terminal import Limits, Scalar, Serial, Tcp, Terminal, Token
from terminal_agent.settings.types import Tls
from terminal_agent.settings.whole import Agent, Broker, Clock, Journal, Log, Settings

__all__ = [
    "Agent",
    "Broker",
    "Clock",
    "Journal",
    "Limits",
    "Log",
    "Scalar",
    "Serial",
    "Settings",
    "SettingsError",
    "Tcp",
    "Terminal",
    "Tls",
    "Token",
    "load",
]
