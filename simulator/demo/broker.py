"""The demo's MQTT broker, without installing one: `python -m simulator.demo.broker CONFIG.toml`.

rumqttd from the `iotcore` wheel, MQTT 5, on loopback only. It knows no passwords and no certificates: it is
for a demo on one machine, never for a clinic (config/mosquitto.conf is for that).
"""

from __future__ import annotations

import logging
import socket
import sys
from pathlib import Path

from iotcore import Broker

from simulator.demo.settings import HOST

_WRONG_USE = 2
_MAX_PAYLOAD_BYTES = 1 << 20
_CONFIG = """\
id = 0
[router]
id = 0
max_connections = 50
max_outgoing_packet_count = 200
max_segment_size = 16777216
max_segment_count = 10
[v5.1]
name = "v5"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload}
max_inflight_count = 100
dynamic_filters = true
"""


def free_port() -> int:
    """A TCP port of the loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def first_free(port: int) -> int:
    """The first from `port` on that nobody uses at this moment: one that people know, where it can be had."""
    return next(one for one in range(port, 0x10000) if not listens(one))


def write_config(path: Path, port: int) -> None:
    """What the broker needs to know: loopback, this port, payloads of up to 1 MiB."""
    path.write_text(_CONFIG.format(host=HOST, port=port, max_payload=_MAX_PAYLOAD_BYTES), encoding="utf-8")


def listens(port: int) -> bool:
    """Whether somebody answers there now."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def main(arguments: list[str]) -> int:
    """Run until killed."""
    if len(arguments) != 1:
        print("use: python -m simulator.demo.broker CONFIG.toml", file=sys.stderr)
        return _WRONG_USE
    # rumqttd tells every packet at the level ERROR.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    Broker(config_path=arguments[0]).run_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
