"""Tests of the contract over MQTT."""
