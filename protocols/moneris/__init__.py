"""The acquirer's vault: Moneris Gateway, XML over HTTPS (field sheet on gateways, "Moneris wire format")."""
