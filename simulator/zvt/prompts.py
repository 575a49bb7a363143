"""What the terminal shows while it works: intermediate statuses (PA00P015 ch. 3.7) in both languages."""

from __future__ import annotations

from simulator.settings import Language

CONFIRM_AMOUNT, WATCH_PIN_PAD, NOT_ACCEPTED, ASKING_HOST, AUTO_REVERSAL = 0x00, 0x01, 0x03, 0x04, 0x05
INSERT_CARD, REMOVE_CARD, ABORTED, PLEASE_WAIT, WRONG_PIN, APPROVED, DECLINED = (
    0x0A, 0x0B, 0x0D, 0x0E, 0x15, 0x1C, 0x1D,
)  # fmt: skip

TEXTS: dict[int, tuple[str, str]] = {
    CONFIRM_AMOUNT: ("CONFIRMEZ LE MONTANT", "CONFIRM THE AMOUNT"),
    WATCH_PIN_PAD: ("ENTREZ VOTRE NIP", "ENTER YOUR PIN"),
    NOT_ACCEPTED: ("CARTE NON ACCEPTÉE", "CARD NOT ACCEPTED"),
    ASKING_HOST: ("AUTORISATION EN COURS", "AUTHORIZING"),
    AUTO_REVERSAL: ("ANNULATION EN COURS", "REVERSING"),
    INSERT_CARD: ("INSÉREZ, APPROCHEZ OU GLISSEZ LA CARTE", "INSERT, TAP OR SWIPE CARD"),
    REMOVE_CARD: ("RETIREZ LA CARTE", "REMOVE CARD"),
    ABORTED: ("OPÉRATION ANNULÉE", "CANCELLED"),
    PLEASE_WAIT: ("UN INSTANT SVP", "PLEASE WAIT"),
    WRONG_PIN: ("NIP INCORRECT", "WRONG PIN"),
    APPROVED: ("TRANSACTION APPROUVÉE", "APPROVED"),
    DECLINED: ("TRANSACTION REFUSÉE", "DECLINED"),
}

WELCOME = ("BIENVENUE", "WELCOME")


def text(code: int, language: Language) -> str:
    """The words for a status; the number itself where there are none."""
    words = TEXTS.get(code)
    return f"{code:02X}" if words is None else say(words, language)


def say(words: tuple[str, str], language: Language) -> str:
    """The French or the English of a pair."""
    return words[0] if language == "fr" else words[1]
