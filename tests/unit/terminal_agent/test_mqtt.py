"""What aiomqtt's own limits lose: a cancellation together with the broker's answer."""

from __future__ import annotations

import asyncio

import aiomqtt
import pytest

from terminal_agent.mqtt import MqttClient


async def waits_in(client: aiomqtt.Client, answer: asyncio.Future[str]) -> asyncio.Task[str]:
    """A task that waits for an answer as the library does for the broker's."""
    task = asyncio.create_task(client._wait_for(answer, timeout=10))
    await asyncio.sleep(0)
    return task


async def test_a_cancellation_that_comes_with_the_answer_is_heard() -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = await waits_in(MqttClient("localhost"), answer)
    answer.set_result("granted")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_answer_comes_back() -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = await waits_in(MqttClient("localhost"), answer)
    answer.set_result("granted")
    assert await task == "granted"


async def test_a_broker_that_says_nothing_is_told() -> None:
    """By our words, so the library waits by our way."""
    gone = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        client = MqttClient("127.0.0.1", server.sockets[0].getsockname()[1], timeout=0.05)
        with pytest.raises(aiomqtt.MqttError, match="did not answer in time"):
            await client.__aenter__()
        client._client.disconnect()
        await gone.wait()
