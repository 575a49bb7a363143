"""The contract over MQTT: topics, envelope, commands, replies, events, projections, and their words."""
