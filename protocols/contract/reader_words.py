"""What the front desk reads of an encrypting card reader: its prompts, why a read was not taken, and why the
reader cannot be used. A table; the codes of refused reads are those of `protocols/idtech/refusals.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

READERS: Mapping[str, tuple[str, str]] = {
    # prompts
    "key_card": (
        "Entrez le numéro de la carte sur le clavier du lecteur.",
        "Key the card number on the reader’s keypad.",
    ),
    "swipe_or_key": (
        "Glissez la carte, ou entrez son numéro sur le clavier du lecteur.",
        "Swipe the card, or key its number on the reader’s keypad.",
    ),
    "card_read": ("Carte lue. Vérification en cours.", "Card read. Checking it now."),
    "asking_vault": (
        "Demande envoyée au service de paiement.",
        "The request was sent to the payment service.",
    ),
    "seeking_order": (
        "Le lien avec le service de paiement a été coupé : on lui demande ce qui s’est passé.",
        "The link to the payment service was cut; it is being asked what happened.",
    ),
    # how it ended
    "card_good": ("L’émetteur confirme que la carte est valide.", "The issuer says that the card is good."),
    "vault_unreachable": (
        "Le service de paiement ne peut pas être joint : rien n’a été fait. "
        "Vérifiez le lien Internet de ce poste, puis recommencez.",
        "The payment service cannot be reached; nothing was done. "
        "Check this station’s Internet link, then try again.",
    ),
    "not_there_yet": (
        "Le service de paiement n’a encore aucune trace de la demande. On lui demande encore : attendez.",
        "The payment service has no record of the request yet. It is being asked again; please wait.",
    ),
    # why a read was not taken; the reader waits for another one
    "card_unreadable": (
        "Carte illisible : glissez-la de nouveau.",
        "The card could not be read; swipe it again.",
    ),
    "frame_damaged": (
        "Lecture incomplète : présentez la carte de nouveau.",
        "The read came through incomplete; present the card again.",
    ),
    "keying_incomplete": (
        "Saisie incomplète : entrez de nouveau le numéro sur le clavier du lecteur.",
        "What was keyed is incomplete; key the number again on the reader’s keypad.",
    ),
    "not_payment_card": (
        "Ce n’est pas une carte de paiement. Demandez une carte de crédit.",
        "This is not a payment card. Ask for a credit card.",
    ),
    "card_inconsistent": (
        "Les pistes de cette carte se contredisent : glissez-la de nouveau ou demandez-en une autre.",
        "The tracks of this card contradict each other; swipe it again or ask for another one.",
    ),
    "entry_mode_unwanted": (
        "La carte n’est pas attendue de cette façon : rien n’a été gardé. Suivez la consigne à l’écran.",
        "The card is not expected that way; nothing was kept. Follow the prompt on the screen.",
    ),
    "read_repeated": (
        "Cette lecture a déjà servi : rien n’a été gardé. Glissez la carte de nouveau; "
        "si cela se répète, appelez le soutien technique.",
        "This read was used before; nothing was kept. Swipe the card again; if that repeats, call support.",
    ),
    "reader_not_encrypting": (
        "Le lecteur ne chiffre pas les cartes : rien n’a été gardé. Ne vous en servez plus et "
        "appelez le soutien technique.",
        "The reader does not encrypt cards; nothing was kept. Stop using it and call support.",
    ),
    "reader_key_missing": (
        "Le lecteur n’a pas la bonne clé de chiffrement : rien n’a été gardé. Appelez le soutien technique.",
        "The reader does not have the right encryption key; nothing was kept. Call support.",
    ),
    "reader_keys_exhausted": (
        "Le lecteur a épuisé ses clés de chiffrement. Appelez le soutien technique pour le remplacer.",
        "The reader has used up its encryption keys. Call support to have it replaced.",
    ),
    "reader_format_unknown": (
        "Le lecteur envoie un format inconnu : rien n’a été gardé. Appelez le soutien technique.",
        "The reader sends an unknown format; nothing was kept. Call support.",
    ),
    # what happened beside an operation
    "card_ignored": (
        "Une carte a été lue sans que rien ne la demande : la lecture est effacée. "
        "Lancez d’abord la demande, puis glissez la carte.",
        "A card was read that nothing had asked for; the read was erased. Start the request, then swipe.",
    ),
    "greeting": ("Connexion au lecteur…", "Connecting to the reader…"),
    "armed": ("Le lecteur attend une carte.", "The reader waits for a card."),
    "reader_away": (
        "Le lecteur de cartes n’est pas branché. Rebranchez-le.",
        "The card reader is not plugged in. Plug it in again.",
    ),
    "reader_lost": (
        "Le lecteur a été débranché avant la lecture : rien n’a été fait. Rebranchez-le, puis recommencez.",
        "The reader was unplugged before the read; nothing was done. Plug it in again, then try again.",
    ),
}
