"""An encrypting reader and an acquirer's vault, joined to one terminal (session contract, chapter 1.10)."""
