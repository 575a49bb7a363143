"""What the terminals' own result, status and prompt codes say, in Quebec French and in English. A table.

The codes are the slugs of the wires' code tables (e.g. `protocols/zvt/codes.py`). Each sentence says what
happened and, where there is something to do, what to do.
"""

from __future__ import annotations

from collections.abc import Mapping

_OTHER_CARD = ("Proposez une autre carte.", "Offer another card.")
_SUPPORT = ("Appelez le soutien technique.", "Call support.")
_AGAIN = ("Recommencez.", "Please try again.")


def _with(follow: tuple[str, str], fr: str, en: str) -> tuple[str, str]:
    return f"{fr} {follow[0]}", f"{en} {follow[1]}"


WIRES: Mapping[str, tuple[str, str]] = {
    # why the issuer, the host or the card refused
    "call_issuer": _with(_OTHER_CARD, "L’émetteur demande qu’on l’appelle.", "The issuer asks for a call."),
    "declined_by_host": _with(_OTHER_CARD, "Transaction refusée.", "Transaction declined."),
    "insufficient_funds": _with(_OTHER_CARD, "Fonds insuffisants.", "Insufficient funds."),
    "limit_exceeded": _with(
        _OTHER_CARD, "La limite de la carte est dépassée.", "The card’s limit is exceeded."
    ),
    "wrong_pin": _with(_AGAIN, "NIP incorrect : transaction refusée.", "Wrong PIN: transaction declined."),
    "pin_tries_exceeded": _with(_OTHER_CARD, "Trop de NIP incorrects.", "Too many wrong PINs."),
    "pin_impossible": _with(_OTHER_CARD, "Le NIP n’a pas pu être vérifié.", "The PIN could not be checked."),
    "issuer_unavailable": _with(
        _AGAIN, "L’émetteur de la carte ne répond pas.", "The card’s issuer does not answer."
    ),
    "card_expired": _with(_OTHER_CARD, "La carte est expirée.", "The card has expired."),
    "card_not_yet_valid": _with(
        _OTHER_CARD, "La carte n’est pas encore valide.", "The card is not valid yet."
    ),
    "card_blocked": _with(_OTHER_CARD, "La carte est bloquée.", "The card is blocked."),
    "card_unknown": _with(_OTHER_CARD, "La carte n’est pas reconnue.", "The card is not recognized."),
    "card_invalid": _with(_OTHER_CARD, "La carte n’est pas valide.", "The card is not valid."),
    "card_not_admitted": _with(_OTHER_CARD, "La carte n’est pas acceptée.", "The card is not accepted."),
    "card_not_whitelisted": _with(_OTHER_CARD, "La carte n’est pas acceptée.", "The card is not accepted."),
    "card_unreadable": (
        "La carte n’a pas pu être lue. Essayez encore, ou autrement.",
        "The card could not be read. Try again, or another way.",
    ),
    "card_data_missing": _with(_AGAIN, "La carte n’a pas été lue.", "The card was not read."),
    "card_data_wrong": _with(
        _OTHER_CARD, "Les données de la carte sont erronées.", "The card’s data are wrong."
    ),
    "chip_error": _with(
        _OTHER_CARD, "La puce de la carte ne répond pas.", "The card’s chip does not answer."
    ),
    "fallback_impossible": _with(
        _OTHER_CARD, "Cette carte ne peut pas être glissée.", "This card cannot be swiped."
    ),
    "not_accepted": _with(_OTHER_CARD, "Refusée par le terminal.", "Not accepted by the terminal."),
    "function_not_for_debit": _with(
        _OTHER_CARD, "Impossible avec une carte de débit.", "Not possible with a debit card."
    ),
    "function_not_for_credit": _with(
        _OTHER_CARD, "Impossible avec une carte de crédit.", "Not possible with a credit card."
    ),
    "payment_method_unsupported": _with(
        _OTHER_CARD, "Ce mode de paiement n’est pas offert.", "This way to pay is not supported."
    ),
    "authorisation_code_wrong": _with(
        _AGAIN, "Le code d’autorisation est erroné.", "The authorization code is wrong."
    ),
    # what an acquirer's vault says, or does not say
    "avs_mismatch": (
        "L’adresse n’est pas celle que l’émetteur connaît : la carte n’est pas gardée. Vérifiez-la.",
        "The address is not the one that the issuer has, so the card is not kept. Check it.",
    ),
    "cvd_mismatch": (
        "Le code de sécurité est erroné : la carte n’est pas gardée. Recommencez.",
        "The security code is wrong, so the card is not kept. Please try again.",
    ),
    "card_deleted": ("Carte effacée du dossier.", "The card was removed from file."),
    "token_unknown": (
        "Le service de paiement ne connaît pas cette carte. Demandez-la de nouveau au patient.",
        "The payment service does not know that card. Ask the patient for it again.",
    ),
    "order_unknown": (
        "Le service de paiement n’a aucune trace de cette demande.",
        "The payment service has no record of this request.",
    ),
    "duplicate_order": (
        "Le service de paiement a déjà vu cette demande : on lui demande ce qu’elle est devenue.",
        "The payment service has seen this request before; it is being asked what became of it.",
    ),
    "vault_refused": _with(
        _SUPPORT, "Le service de paiement refuse la demande.", "The payment service refuses the request."
    ),
    "vault_credentials": _with(
        _SUPPORT,
        "Le service de paiement ne reconnaît pas la clinique.",
        "The payment service does not recognize the clinic.",
    ),
    "vault_timed_out": (
        "Le service de paiement n’a pas eu de réponse de l’émetteur.",
        "The payment service got no answer from the issuer.",
    ),
    "vault_incomplete": (
        "Le service de paiement ne dit pas ce qu’est devenue la demande.",
        "The payment service does not say what became of the request.",
    ),
    "vault_silent": (
        "Le service de paiement n’a pas répondu à temps.",
        "The payment service did not answer in time.",
    ),
    "vault_garbled": (
        "La réponse du service de paiement est illisible.",
        "The payment service’s answer cannot be read.",
    ),
    # stopped
    "aborted_at_terminal": (
        "Annulée au terminal, ou le temps est écoulé. Recommencez si le patient est prêt.",
        "Cancelled at the terminal, or time ran out. Start again when the patient is ready.",
    ),
    # what was asked does not go
    "amount_invalid": _with(_AGAIN, "Le montant n’est pas valide.", "The amount is not valid."),
    "amount_too_big": ("Le montant est trop élevé.", "The amount is too big."),
    "amount_too_small": ("Le montant est trop petit.", "The amount is too small."),
    "transaction_invalid": ("Transaction impossible.", "This transaction is not possible."),
    "function_impossible": (
        "Le terminal ne peut pas faire cela en ce moment.",
        "The terminal cannot do that now.",
    ),
    "already_reversed": ("Ce paiement était déjà annulé.", "That payment was already undone."),
    "reversal_impossible": (
        "Le terminal ne peut plus annuler ce paiement. Faites un remboursement.",
        "The terminal can no longer undo that payment. Make a refund.",
    ),
    "preauth_amount_wrong": (
        "Le montant dépasse celui de la préautorisation.",
        "The amount is above the pre-authorized one.",
    ),
    "preauth_error": (
        "La préautorisation n’est pas connue du terminal.",
        "The terminal does not know the pre-authorization.",
    ),
    "cashback_impossible": ("Remise d’argent impossible.", "Cashback is not possible."),
    "partial_goods": ("Livraison partielle.", "Goods issued in part."),
    "goods_not_available": ("Produit non disponible.", "Goods are not available."),
    "record_missing": ("Le terminal n’a rien trouvé.", "The terminal found nothing."),
    "register_unknown": _with(
        _SUPPORT, "Ce poste n’est pas connu du terminal.", "The terminal does not know us."
    ),
    "text_not_authentic": _with(
        _SUPPORT, "Le terminal refuse d’afficher ce texte.", "The terminal refuses to show that text."
    ),
    "baud_rate_unsupported": _with(
        _SUPPORT, "Cette vitesse de port n’est pas possible.", "That port speed is not possible."
    ),
    # the terminal must be looked after first
    "not_registered": _with(
        _AGAIN, "Le terminal ne nous connaît pas encore.", "The terminal does not know us yet."
    ),
    "initialisation_needed": _with(
        _SUPPORT, "Le terminal doit être initialisé.", "The terminal must be initialized."
    ),
    "diagnosis_needed": (
        "Le terminal demande un diagnostic. Lancez-le, puis recommencez.",
        "The terminal asks for a diagnosis. Run it, then try again.",
    ),
    "end_of_day_needed": (
        "Le terminal demande la fermeture de caisse. Faites-la, puis recommencez.",
        "The terminal asks for its end of day. Run it, then try again.",
    ),
    "end_of_day_impossible": _with(
        _AGAIN, "La fermeture de caisse n’a pas pu se faire.", "The end of day could not be done."
    ),
    "clock_wrong": _with(_SUPPORT, "L’heure du terminal est fausse.", "The terminal’s clock is wrong."),
    "opt_needed": _with(
        _SUPPORT, "Le terminal doit être mis à jour.", "The terminal must be personalized again."
    ),
    "activation_needed": ("Le terminal doit être activé.", "The terminal must be activated."),
    "turnover_full": (
        "Le terminal est plein. Faites la fermeture de caisse.",
        "The terminal is full. Run its end of day.",
    ),
    "memory_full": (
        "Le terminal est plein. Faites la fermeture de caisse.",
        "The terminal is full. Run its end of day.",
    ),
    "journal_full": (
        "Le journal du terminal est plein. Faites la fermeture de caisse.",
        "The terminal’s journal is full. Run its end of day.",
    ),
    "card_still_inserted": (
        "Une carte est restée dans le terminal. Retirez-la.",
        "A card was left in the terminal. Remove it.",
    ),
    "card_not_removed": (
        "La carte n’est pas complètement sortie. Retirez-la.",
        "The card is not fully out. Remove it.",
    ),
    "printer_not_ready": (
        "L’imprimante du terminal n’est pas prête. Vérifiez le papier.",
        "The terminal’s printer is not ready. Check the paper.",
    ),
    "merchant_card_locked": _with(
        _SUPPORT, "La carte commerçant est bloquée.", "The merchant card is locked."
    ),
    "merchant_invalid": _with(
        _SUPPORT, "Le numéro de commerçant est refusé.", "The merchant number is refused."
    ),
    "card_profile_missing": _with(
        _SUPPORT, "Il manque des réglages au terminal.", "The terminal lacks settings."
    ),
    "key_missing": _with(_SUPPORT, "Il manque une clé au terminal.", "The terminal lacks a key."),
    "keys_used_up": _with(
        _SUPPORT, "Les clés du terminal sont épuisées.", "The terminal’s keys are used up."
    ),
    "refused_for_card_security": _with(
        _SUPPORT, "Refusée pour la sécurité des cartes.", "Refused for card security."
    ),
    "terminal_not_ready": (
        "Le terminal n’est pas prêt. Attendez.",
        "The terminal is not ready. Please wait.",
    ),
    "remote_maintenance": (
        "Le terminal est en télémaintenance. Attendez.",
        "The terminal is under remote maintenance. Please wait.",
    ),
    "service_mode": ("Le terminal est en mode service.", "The terminal is in service mode."),
    "out_of_order": _with(_SUPPORT, "Le terminal est hors service.", "The terminal is out of order."),
    "filling_station_mode": _with(
        _SUPPORT,
        "Le terminal est réglé pour une station-service.",
        "The terminal is set up for a filling station.",
    ),
    "vending_mode": _with(
        _SUPPORT, "Le terminal est réglé pour un distributeur.", "The terminal is set up for vending."
    ),
    # something failed
    "processing_error": _with(
        _AGAIN, "Erreur de traitement au terminal.", "The terminal failed to process it."
    ),
    "protocol_error": _with(_SUPPORT, "Le terminal signale une erreur.", "The terminal reports an error."),
    "system_error": _with(_SUPPORT, "Erreur interne du terminal.", "The terminal failed inside."),
    "communication_error": _with(
        _AGAIN, "Le réseau de paiement ne répond pas.", "The payment network failed."
    ),
    "host_no_answer": _with(
        _AGAIN, "Le réseau de paiement ne répond pas.", "The payment network does not answer."
    ),
    "host_no_connection": _with(
        _AGAIN, "Le terminal n’atteint pas le réseau de paiement.", "The terminal cannot reach the network."
    ),
    "dial_up_error": _with(_AGAIN, "Le terminal n’a pas obtenu la ligne.", "The terminal got no line."),
    "offline_error": _with(_AGAIN, "Erreur hors ligne au terminal.", "The terminal failed off line."),
    "clearing_error": _with(_SUPPORT, "Erreur de compensation.", "Clearing failed."),
    "device_missing": _with(_SUPPORT, "Une pièce du terminal manque.", "A part of the terminal is missing."),
    "pin_pad_defective": _with(_SUPPORT, "Le clavier NIP est défectueux.", "The PIN pad is defective."),
    "card_reader_defective": _with(
        _SUPPORT, "Le lecteur de cartes est défectueux.", "The card reader is defective."
    ),
    "card_lock_defective": _with(
        _SUPPORT, "Le verrou de carte est défectueux.", "The card lock is defective."
    ),
    "shutter_defective": _with(_SUPPORT, "Le volet du lecteur est défectueux.", "The shutter is defective."),
    "card_eject_error": _with(_SUPPORT, "La carte n’est pas sortie.", "The card did not come out."),
    "card_insert_error": _with(_AGAIN, "La carte n’est pas entrée.", "The card did not go in."),
    "voltage_low": _with(_SUPPORT, "La pile du terminal est faible.", "The terminal’s battery is low."),
    "unlisted_result": (
        "Le terminal donne un code inconnu. Regardez son écran.",
        "The terminal gives an unknown code. Look at its screen.",
    ),
    "unlisted_status": (
        "Le terminal est dans un état inconnu. Regardez son écran.",
        "The terminal is in an unknown state. Look at its screen.",
    ),
    # what it is doing, or waits for
    "automatic_reversal": (
        "Le terminal annule une transaction inachevée.",
        "The terminal is undoing an unfinished transaction.",
    ),
    "post_booking": ("Le terminal transmet ses transactions.", "The terminal is sending its transactions."),
    "automatic_end_of_day": ("Fermeture de caisse automatique.", "Automatic end of day."),
    "automatic_diagnosis": ("Diagnostic automatique.", "Automatic diagnosis."),
    "automatic_initialisation": ("Initialisation automatique.", "Automatic initialization."),
    "connecting_to_host": ("Connexion au réseau de paiement…", "Connecting to the payment network…"),
    "offline": ("Le terminal travaille hors ligne.", "The terminal is working off line."),
    "online": ("Le terminal est en ligne.", "The terminal is on line."),
    "offline_transaction": ("Transaction hors ligne.", "Off-line transaction."),
    "emergency_transaction": ("Transaction de secours.", "Emergency transaction."),
    "balance_shown": ("Le terminal affiche le solde.", "The terminal shows the balance."),
    "waiting_for_staff": ("Le terminal attend le personnel.", "The terminal is waiting for staff."),
    "see_terminal_text": ("Suivez ce qui est écrit au terminal.", "Follow what the terminal shows."),
    "pin_needed": ("Entrez le NIP sur le terminal.", "Enter the PIN on the terminal."),
    "choose_application": ("Choisissez la carte sur le terminal.", "Choose the card on the terminal."),
    "choose_currency": ("Choisissez la devise sur le terminal.", "Choose the currency on the terminal."),
    "choose_language": ("Choisissez la langue sur le terminal.", "Choose the language on the terminal."),
    "choose_debit_or_credit": (
        "Choisissez débit ou crédit sur le terminal.",
        "Choose debit or credit on the terminal.",
    ),
    "enter_mobile_number": (
        "Entrez le numéro de cellulaire sur le terminal.",
        "Enter the mobile number on the terminal.",
    ),
    "repeat_mobile_number": (
        "Entrez de nouveau le numéro de cellulaire.",
        "Enter the mobile number again.",
    ),
    "enter_mileage": ("Entrez le kilométrage sur le terminal.", "Enter the mileage on the terminal."),
    "present_customer_card": ("Présentez la carte de client.", "Present the customer card."),
    "insert_card_to_load": ("Insérez la carte à recharger.", "Insert the card to be loaded."),
    "insert_cleaning_card": ("Insérez la carte de nettoyage.", "Insert the cleaning card."),
}
