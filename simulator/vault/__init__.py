"""The acquirer's vault: keeps cards, charges them, and answers by XML over HTTPS as the real gateway does."""
