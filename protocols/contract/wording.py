"""What people read: every code in Quebec French and in English. A table, and the one function that reads it.

Each sentence says what happened and, where there is something to do, what to do. `{holder}` and `{path}` are
filled in. A code that is not in the table gets an honest general sentence for the state it came with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from protocols.contract.fields import Text
from protocols.contract.reader_words import READERS
from protocols.contract.wire_words import WIRES

# --- why a command was not taken, or how it was answered ----------------------------------------------

REPLIES: Mapping[str, tuple[str, str]] = {
    "accepted": ("Demande acceptée.", "Request accepted."),
    "duplicate": (
        "Demande déjà reçue : rien n’a été refait. Voici où elle en est.",
        "This request was already taken; nothing was done again. Here is where it stands.",
    ),
    "conflict": (
        "Ce numéro de demande a déjà servi pour autre chose : rien n’a été fait. "
        "Recommencez avec une nouvelle demande.",
        "This request number was already used for something else; nothing was done. Start a new request.",
    ),
    "done": ("C’est fait.", "Done."),
    "expired": (
        "La demande est arrivée trop tard : rien n’a été fait. Recommencez.",
        "The request arrived too late; nothing was done. Please try again.",
    ),
    "clock_untrusted": (
        "L’heure de ce poste n’est pas sûre : aucun paiement n’est pris pour l’instant. "
        "Réessayez dans une minute; si cela dure, appelez le soutien technique.",
        "This station’s clock cannot be trusted, so no payment is taken for now. "
        "Try again in a minute; if it lasts, call support.",
    ),
    "terminal_unknown": (
        "Ce terminal n’est pas connu à ce poste : rien n’a été fait. Choisissez un autre terminal.",
        "This station does not know that terminal; nothing was done. Choose another terminal.",
    ),
    "terminal_offline": (
        "Le terminal ne répond pas : rien n’a été fait. "
        "Vérifiez qu’il est allumé et branché, puis réessayez.",
        "The terminal does not answer; nothing was done. Check that it is on and plugged in, then try again.",
    ),
    "terminal_busy": (
        "Le terminal est occupé par {holder} : rien n’a été fait. "
        "Attendez la fin ou prenez un autre terminal.",
        "The terminal is in use by {holder}; nothing was done. Wait for the end or use another terminal.",
    ),
    "in_doubt_pending": (
        "Le terminal vérifie encore le paiement précédent. Attendez sa réponse, puis recommencez.",
        "The terminal is still checking the previous payment. Wait for its answer, then try again.",
    ),
    "unsupported": (
        "Ce terminal ne sait pas faire cela : rien n’a été fait.",
        "This terminal cannot do that; nothing was done.",
    ),
    "not_chargeable": (
        "Ce terminal ne peut pas garder une carte pour la débiter plus tard : rien n’a été fait. "
        "Utilisez un autre terminal.",
        "This terminal cannot keep a card to be charged later; nothing was done. Use another terminal.",
    ),
    "schema_invalid": (
        "La demande est mal formée ({path}) : rien n’a été fait. Signalez-le au soutien technique.",
        "The request is malformed ({path}); nothing was done. Tell support.",
    ),
    "consent_missing": (
        "Le consentement du patient manque : rien n’a été fait. Obtenez-le, puis recommencez.",
        "The patient’s consent is missing; nothing was done. Obtain it, then try again.",
    ),
    "limit_exceeded": (
        "Le montant dépasse la limite permise à ce terminal : rien n’a été fait.",
        "The amount is above what this terminal may do; nothing was done.",
    ),
    "journal_new": (
        "Ce poste vient de perdre sa mémoire des paiements : il attend la liste du serveur. "
        "Réessayez dans une minute.",
        "This station has lost its memory of payments and awaits the server’s list. Try again in a minute.",
    ),
    "disk_low": (
        "Le disque de ce poste est presque plein : aucun nouveau paiement n’est pris. "
        "Appelez le soutien technique.",
        "This station’s disk is almost full, so no new payment is taken. Call support.",
    ),
    "shutting_down": (
        "Ce poste redémarre : rien n’a été fait. Réessayez dans une minute.",
        "This station is restarting; nothing was done. Try again in a minute.",
    ),
    "not_current": (
        "Cette opération n’est pas celle en cours : il n’y a rien à annuler.",
        "That operation is not the one under way; there is nothing to stop.",
    ),
    "sync_outdated": (
        "Ces renseignements datent d’avant le redémarrage de l’agent.",
        "This was said before the agent last started; say it anew.",
    ),
    "operation_unknown": (
        "Ce poste ne connaît pas cette opération.",
        "This station does not know that operation.",
    ),
    "original_unknown": (
        "Le paiement d’origine n’est pas connu de ce poste : rien n’a été fait.",
        "This station does not know the original payment; nothing was done.",
    ),
    "original_not_open": (
        "Le paiement d’origine ne peut plus être modifié : rien n’a été fait. Vérifiez son état.",
        "The original payment can no longer be changed; nothing was done. Check where it stands.",
    ),
    "not_resolvable": (
        "Cette opération n’attend pas de décision : rien n’a été changé.",
        "That operation does not wait for a decision; nothing was changed.",
    ),
    "currency_mismatch": (
        "Ce terminal ne prend pas cette devise : rien n’a été fait.",
        "This terminal does not take that currency; nothing was done.",
    ),
    "terminal_unfit": (
        "Ce terminal n’est pas celui qui est attendu, ou il est mal réglé : rien n’a été fait. "
        "Appelez le soutien technique.",
        "This is not the expected terminal, or it is not set up right; nothing was done. Call support.",
    ),
    "abort_asked": (
        "L’annulation est demandée. Le résultat de l’opération dira si elle a réussi.",
        "Asked to stop. The operation’s own result will say whether that worked.",
    ),
}

# --- what the terminal waits for ------------------------------------------------------------------------

PROGRESS: Mapping[str, tuple[str, str]] = {
    "connecting": ("Connexion au terminal…", "Connecting to the terminal…"),
    "committed": ("Demande envoyée au terminal.", "The request was sent to the terminal."),
    "awaiting_card": (
        "Insérez, approchez ou glissez la carte.",
        "Insert, tap or swipe the card.",
    ),
    "insert_card": ("Insérez la carte.", "Insert the card."),
    "tap_card": ("Approchez la carte.", "Tap the card."),
    "swipe_card": ("Glissez la carte.", "Swipe the card."),
    "card_present": ("Carte lue. Ne la retirez pas.", "Card read. Leave it in."),
    "remove_card": ("Retirez la carte.", "Remove the card."),
    "pin": ("Entrez le NIP sur le terminal.", "Enter the PIN on the terminal."),
    "pin_wrong": ("NIP incorrect. Entrez-le de nouveau.", "Wrong PIN. Enter it again."),
    "confirm_amount": (
        "Confirmez le montant sur le terminal.",
        "Confirm the amount on the terminal.",
    ),
    "choose_account": ("Choisissez le compte sur le terminal.", "Choose the account on the terminal."),
    "authorizing": (
        "Autorisation en cours. Ne retirez pas la carte.",
        "Authorizing. Leave the card in.",
    ),
    "result_seen": ("Réponse reçue. Le terminal termine.", "Answer received. The terminal is finishing."),
    "recovering": (
        "Le lien a été coupé : on demande au terminal ce qui s’est passé.",
        "The link was cut; the terminal is being asked what happened.",
    ),
    "please_wait": ("Veuillez patienter.", "Please wait."),
    "aborting": ("Annulation demandée au terminal…", "The terminal was asked to stop…"),
    "printing": ("Impression du reçu.", "Printing the receipt."),
    "processing": ("Le terminal travaille.", "The terminal is working."),
}

# --- how an operation ended, or why it has not ----------------------------------------------------------

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "approved": ("Transaction approuvée.", "Transaction approved."),
    "declined": (
        "Transaction refusée. Proposez une autre carte ou un autre mode de paiement.",
        "Transaction declined. Offer another card or another way to pay.",
    ),
    "cancelled": ("Transaction annulée. Rien n’a été débité.", "Transaction cancelled. Nothing was charged."),
    "not_started": (
        "La transaction n’a pas commencé. Rien n’a été débité.",
        "The transaction was not started. Nothing was charged.",
    ),
    "in_doubt": (
        "Le résultat n’est pas encore connu : le système le demande au terminal. "
        "Dites au patient d’attendre; ne refaites pas le paiement.",
        "The result is not known yet; the system is asking the terminal. "
        "Ask the patient to wait; do not take the payment again.",
    ),
    "needs_human": (
        "Le terminal ne peut pas dire si le paiement est passé. Ne le refaites pas : cherchez-le dans la "
        "liste du terminal ou sur le reçu, puis inscrivez ce que vous avez vu.",
        "The terminal cannot say whether the payment went through. Do not take it again: look for it in the "
        "terminal’s list or on the receipt, then record what you saw.",
    ),
    "told_before": (
        "La mémoire de ce poste vient d’une copie : ce qui avait été affiché de cette transaction tient.",
        "This station’s memory comes from a copy; what was shown of this transaction before holds.",
    ),
    "agent_restarted": (
        "Le poste a redémarré avant le début : rien n’a été débité. Recommencez.",
        "The station restarted before it began; nothing was charged. Please try again.",
    ),
    "not_booked": (
        "Le terminal n’a aucune trace de ce paiement : rien n’a été débité. Recommencez.",
        "The terminal has no record of this payment; nothing was charged. Please try again.",
    ),
    "never_sent": (
        "Rien n’est parvenu au terminal : rien n’a été débité. Recommencez.",
        "Nothing reached the terminal; nothing was charged. Please try again.",
    ),
    "link_lost": ("Le lien avec le terminal a été coupé.", "The link to the terminal was cut."),
    "interrupted": (
        "L’opération a été interrompue et rien n’a été débité. Recommencez, avec la carte s’il le faut.",
        "The operation was interrupted and nothing was charged. Start again, with the card if it takes one.",
    ),
    "no_result": ("Le terminal n’a pas donné de résultat.", "The terminal gave no result."),
    "no_proof": ("Rien ne prouve ce qui s’est passé.", "There is no proof of what happened."),
    "another_transaction": (
        "Le terminal montre une autre transaction que celle-ci.",
        "The terminal shows another transaction than this one.",
    ),
    "terminal_forgot": (
        "Le terminal ne se souvient plus de cette transaction.",
        "The terminal no longer remembers this transaction.",
    ),
    "terminal_cannot_tell": (
        "Le terminal ne sait pas ce qu’est devenue la transaction.",
        "The terminal does not know what became of the transaction.",
    ),
    "terminal_unidentified": (
        "On ne sait pas si c’est bien le même terminal qui répond.",
        "It is not certain that the same terminal answers.",
    ),
    "aborted_after_approval": (
        "Le terminal a approuvé, puis interrompu la transaction.",
        "The terminal approved, then broke off the transaction.",
    ),
    "terminal_busy": ("Le terminal était occupé.", "The terminal was busy."),
    "reversed": (
        "Le paiement a été annulé par le terminal. Rien n’est débité.",
        "The terminal undid the payment. Nothing is charged.",
    ),
    "partially_approved": (
        "Montant approuvé en partie : demandez le reste au patient.",
        "Only part of the amount was approved; ask the patient for the rest.",
    ),
    "card_stored": ("Carte enregistrée.", "Card stored."),
    "interac_only": (
        "Cette carte de débit Interac ne peut pas être gardée au dossier. Demandez une carte de crédit.",
        "This Interac debit card cannot be kept on file. Ask for a credit card.",
    ),
    "wallet": (
        "Un téléphone ou une montre ne peut pas être gardé au dossier. Demandez la carte elle-même.",
        "A phone or watch cannot be kept on file. Ask for the card itself.",
    ),
    "no_token": (
        "Le terminal n’a pas pu garder cette carte. Essayez-en une autre.",
        "The terminal could not keep this card. Try another one.",
    ),
    "issuer": (
        "L’émetteur ne permet pas de garder cette carte au dossier. Demandez-en une autre.",
        "The issuer does not let this card be kept on file. Ask for another one.",
    ),
    "resolved": ("Résultat inscrit par une personne.", "Result recorded by a person."),
    "aborted": ("Transaction annulée. Rien n’a été débité.", "Transaction cancelled. Nothing was charged."),
    "timed_out": (
        "Le temps est écoulé : la transaction est annulée. Recommencez si le patient est prêt.",
        "Time ran out and the transaction was cancelled. Start again when the patient is ready.",
    ),
    "reconciled": ("Fermeture de caisse terminée.", "End of day completed."),
    "late_result": (
        "Le terminal a donné un résultat après coup. Comparez avec le reçu.",
        "The terminal gave a result after the fact. Compare with the receipt.",
    ),
    "totals_differ": (
        "Lot fermé, mais les totaux du terminal et ceux de la clinique ne concordent pas. "
        "Vérifiez les reçus de la liste.",
        "Batch closed, but the terminal’s totals and the clinic’s do not agree. Check the listed receipts.",
    ),
    "corrected": (
        "Le résultat annoncé était inexact : voici ce qui s’est vraiment passé.",
        "The result told before was not right; this is what really happened.",
    ),
    "orphan": (
        "Le terminal a donné un résultat qui ne correspond à aucune demande. Vérifiez la liste du terminal.",
        "The terminal gave a result that belongs to no request. Check the terminal’s list.",
    ),
}

# --- states of the agent and its terminals, and alerts --------------------------------------------------

STATES: Mapping[str, tuple[str, str]] = {
    "offline": (
        "Le terminal ne répond pas. Vérifiez qu’il est allumé et branché.",
        "The terminal does not answer. Check that it is on and plugged in.",
    ),
    "ready": ("Prêt.", "Ready."),
    "busy": ("Occupé.", "In use."),
    "stopped": (
        "Ce poste s’arrête ou redémarre : le terminal ne peut pas servir pour l’instant.",
        "This station is stopping or restarting; the terminal cannot be used for now.",
    ),
    "stuck": (
        "Le terminal ne répond plus au milieu d’une opération. Regardez son écran.",
        "The terminal stopped answering in the middle of an operation. Look at its screen.",
    ),
    "unfit": (
        "Ce terminal ne peut pas servir. Appelez le soutien technique.",
        "This terminal cannot be used. Call support.",
    ),
    "wrong_device": (
        "Un autre terminal est branché à la place de celui qui est attendu. Rebranchez le bon.",
        "Another terminal is plugged in where this one is expected. Plug the right one back in.",
    ),
    "wrong_currency": (
        "Le terminal est réglé dans une autre devise. Appelez le soutien technique.",
        "The terminal is set up in another currency. Call support.",
    ),
    "registration_refused": (
        "Le terminal a refusé d’être relié à ce poste. Appelez le soutien technique.",
        "The terminal refused to be linked to this station. Call support.",
    ),
    "not_connected": (
        "Le terminal n’est pas encore joint. Vérifiez qu’il est allumé et branché.",
        "The terminal was not reached yet. Check that it is on and plugged in.",
    ),
    "no_answer": (
        "Le terminal ne répond pas. Vérifiez qu’il est allumé et branché.",
        "The terminal does not answer. Check that it is on and plugged in.",
    ),
    "transmission_failed": (
        "La liaison avec le terminal est mauvaise. Vérifiez le câble.",
        "The connection to the terminal is bad. Check the cable.",
    ),
    "line_noise": (
        "Le câble du terminal est perturbé. Vérifiez-le.",
        "The terminal’s cable is disturbed. Check it.",
    ),
    "orphan_result": (
        "Le terminal a donné un résultat qui ne correspond à aucune demande. Vérifiez la liste du terminal.",
        "The terminal gave a result that belongs to no request. Check the terminal’s list.",
    ),
    "money_stopped": (
        "Ce poste ne prend plus de paiement tant qu’il n’a pas été vérifié. Appelez le soutien technique.",
        "This station takes no payment until it has been checked. Call support.",
    ),
    "ack_refused": (
        "Une confirmation du serveur n’a pas été acceptée : elle est mal formée, ou porte sur des faits "
        "que ce poste n’a jamais dits. Avisez le soutien technique.",
        "An acknowledgement of the server was not taken: it is malformed, or of facts that this station "
        "never told. Tell support.",
    ),
    **dict.fromkeys(
        ("peer_closed", "reset", "closed", "unreachable", "refused", "name_unknown", "timeout"),
        (
            "Le lien avec le terminal est coupé. Vérifiez qu’il est allumé et branché.",
            "The link to the terminal is cut. Check that it is on and plugged in.",
        ),
    ),
    "unplugged": (
        "Le câble du terminal est débranché. Rebranchez-le.",
        "The terminal’s cable is unplugged. Plug it in again.",
    ),
    **dict.fromkeys(
        ("tls_failed", "tls_name", "tls_untrusted", "tls_expired", "tls_files"),
        (
            "Le terminal n’a pas pu prouver son identité : le lien reste fermé. "
            "Appelez le soutien technique.",
            "The terminal could not prove who it is, so the link stays closed. Call support.",
        ),
    ),
    **dict.fromkeys(
        ("permission", "port_failed", "port_ambiguous", "wrong_adapter", "not_serial"),
        (
            "Le port du terminal ne peut pas être ouvert. Appelez le soutien technique.",
            "The terminal’s port cannot be opened. Call support.",
        ),
    ),
    "write_stalled": (
        "Le terminal ne prend plus rien. Vérifiez son câble et regardez son écran.",
        "The terminal takes nothing any more. Check its cable and look at its screen.",
    ),
    "port_missing": (
        "Le port du terminal est introuvable. Branchez l’adaptateur.",
        "The terminal’s port was not found. Plug the adapter in.",
    ),
    "port_busy": (
        "Un autre programme tient le port du terminal. Fermez-le, ou appelez le soutien technique.",
        "Another program holds the terminal’s port. Close it, or call support.",
    ),
    "port_held": (
        "Un autre programme tient le port du terminal. Fermez-le, ou appelez le soutien technique.",
        "Another program holds the terminal’s port. Close it, or call support.",
    ),
    "silent": (
        "Le terminal se tait depuis un moment. Regardez son écran.",
        "The terminal has been silent for a while. Look at its screen.",
    ),
    "garbage": (
        "Le terminal envoie des données illisibles. Vérifiez le câble.",
        "The terminal sends unreadable data. Check the cable.",
    ),
    "card_number_masked": (
        "Le terminal a envoyé un numéro de carte complet : il a été masqué. Faites corriger ses réglages.",
        "The terminal sent a whole card number; it was masked. Have its settings corrected.",
    ),
    "card_number_stopped": (
        "Un numéro de carte allait sortir de ce poste : il a été masqué. Avisez le soutien technique.",
        "A card number was about to leave this station; it was masked. Tell support.",
    ),
    "retained_command": (
        "Une demande conservée par le serveur de messages a été ignorée. Avisez le soutien technique.",
        "A command that the message broker had kept was ignored. Tell support.",
    ),
    "session_taken_over": (
        "Un autre poste se sert de l’identité de celui-ci : il s’est mis en pause. "
        "Appelez le soutien technique.",
        "Another station is using this one’s identity, so this one paused. Call support.",
    ),
    "broker_away": (
        "Le lien avec le serveur est coupé. Les opérations en cours se terminent; les nouvelles attendent.",
        "The link to the server is cut. Operations under way finish; new ones wait.",
    ),
    "unit_crashed": (
        "Une partie du logiciel a redémarré d’elle-même.",
        "A part of the software restarted itself.",
    ),
    "certificate_expiring": (
        "Le certificat de ce poste expire bientôt. Avisez le soutien technique.",
        "This station’s certificate expires soon. Tell support.",
    ),
    "unmatched_payments": (
        "Le terminal et le journal ne concordent pas. Vérifiez les paiements listés.",
        "The terminal and the journal do not agree. Check the listed payments.",
    ),
    "discovered": ("Appareil trouvé.", "Device found."),
    "replugged": ("Terminal retrouvé sur un autre port.", "Terminal found again on another port."),
}

# Every code that has words; where two tables have one, `words` chooses by the state.
TEXTS: Mapping[str, tuple[str, str]] = {**WIRES, **READERS, **STATES, **OUTCOMES, **PROGRESS, **REPLIES}

# For a code that has no words: what its state alone says. `{code}` tells support which it was.
BY_STATE: Mapping[str, tuple[str, str]] = {
    "approved": ("Transaction approuvée ({code}).", "Transaction approved ({code})."),
    "declined": (
        "Transaction refusée ({code}). Proposez une autre carte ou un autre mode de paiement.",
        "Transaction declined ({code}). Offer another card or another way to pay.",
    ),
    "cancelled": (
        "Transaction annulée ({code}). Rien n’a été débité.",
        "Transaction cancelled ({code}). Nothing was charged.",
    ),
    "not_started": (
        "La transaction n’a pas commencé ({code}). Rien n’a été débité.",
        "The transaction was not started ({code}). Nothing was charged.",
    ),
    "rejected": (
        "Demande refusée ({code}) : rien n’a été fait.",
        "Request refused ({code}); nothing was done.",
    ),
}
GENERAL = (
    "Le terminal indique : {code}. En cas de doute, regardez son écran.",
    "The terminal says: {code}. When in doubt, look at its screen.",
)

# The same code may be a reason for a reply, a prompt, a result: the state says which table speaks first.
_OF_REPLIES = (REPLIES, STATES, OUTCOMES, PROGRESS, READERS, WIRES)
_OF_OPERATIONS = (OUTCOMES, READERS, WIRES, PROGRESS, STATES, REPLIES)
_OPEN = ("in_doubt", "needs_human")
_KNOWN = 512  # sentences that need not be made again
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,47}")


@lru_cache(_KNOWN)
def words(code: str, *, state: str | None = None, holder: str | None = None, path: str | None = None) -> Text:
    """The sentence of a code in both languages. `state` is the operation's, where it is about one: it says
    which table speaks first, gives the general sentence for a code without words, and, while the outcome is
    open, adds what is being done and what staff should do."""
    tables = _OF_REPLIES if state in (None, "rejected") else _OF_OPERATIONS
    found = next((table[code] for table in tables if code in table), None)
    fr, en = found or BY_STATE.get(state or "") or GENERAL
    if state in _OPEN:
        # A wire's own sentence may say "try again", which nobody must do now.
        reason = OUTCOMES.get(code) if code != state else None
        fr, en = (
            " ".join(filter(None, pair)) for pair in zip(reason or ("", ""), OUTCOMES[state], strict=True)
        )
    if path is None:  # where it stands in a state, nobody knows any more
        fr, en = fr.replace(" ({path})", ""), en.replace(" ({path})", "")
    shown = code if _SLUG.fullmatch(code) else "?"
    return Text(
        fr=fr.format(code=shown, holder=holder or "une autre personne", path=path),
        en=en.format(code=shown, holder=holder or "someone else", path=path),
    )
