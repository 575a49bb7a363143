"""Every sentence of the demo itself, in Quebec French and English. What staff read comes from the agent."""

from __future__ import annotations

from simulator.demo.transcript import Phrase

TITLE = Phrase(
    "Un agent de terminaux de paiement, sur de vrais octets",
    "A payment terminal agent, on real bytes",
)
LEGEND = Phrase(
    "clinique : ce qu’elle demande · accueil : ce que le personnel lit · écran : celui du terminal · "
    "registre : l’argent du terminal, chez l’acquéreur · coffre : le registre du coffre de l’acquéreur",
    "clinique/clinic: what it asks · accueil/desk: what staff read · écran/screen: the terminal’s · "
    "registre/ledger: the terminal’s money, at the acquirer · coffre/vault: the acquirer’s vault’s ledger",
)
STARTED = {
    "broker": Phrase("courtier MQTT 5, en boucle locale : {where}", "MQTT 5 broker, on loopback: {where}"),
    "terminal": Phrase("terminal ZVT simulé, câble : {where}", "simulated ZVT terminal, cable: {where}"),
    "vault": Phrase("coffre simulé de l’acquéreur : {where}", "the acquirer’s simulated vault: {where}"),
    "clinic": Phrase("clinique, avec ses pages : {where}", "clinic, with its pages: {where}"),
    "agent": Phrase(
        "agent, processus {where}; son terminal et son lecteur sont prêts",
        "agent, process {where}; its terminal and its reader are ready",
    ),
}
SCREEN_SAYS = Phrase("[ {text} ]", "[ {text} ]")

# --- the story --------------------------------------------------------------------------------------------

KEEP = Phrase("Garder une carte au dossier", "Keep a card on file")
KEEP_ASKS = Phrase("garder une carte, pour reconnaître le patient", "store a card, to recognise the patient")
KEPT = Phrase(
    "jeton {token} pour {brand} ••{four}; sorte « {kind} », valable pour {scope}",
    "token {token} for {brand} ••{four}; kind “{kind}”, valid for {scope}",
)
KIND = {
    "recognition": Phrase(
        "Ce jeton reconnaît la carte; il ne peut pas la débiter plus tard.",
        "This token recognises the card; it cannot charge it later.",
    ),
    "chargeable": Phrase(
        "Ce jeton peut être débité plus tard sans la carte.",
        "This token can be charged later without the card.",
    ),
}
KEPT_OK = Phrase("carte gardée, aucun argent n’a bougé", "card kept, no money moved")
KEEP_NO_SHOW_ASKS = Phrase(
    "garder une carte, pour la débiter si le patient ne vient pas",
    "store a card, to be charged if the patient does not come",
)
KEEP_REFUSED_OK = Phrase(
    "refusé d’avance (not_chargeable), plutôt qu’un échec plus tard",
    "refused up front (not_chargeable), rather than failing later",
)
PAY = Phrase("Prendre un paiement", "Take a payment")
PAY_ASKS = Phrase("vente de {amount}", "sale of {amount}")
PAY_OK = Phrase("approuvé, une ligne de plus au registre", "approved, one more line in the ledger")
REPEAT = Phrase("Envoyer deux fois la même commande", "Send the same command twice")
REPEAT_ASKS = Phrase(
    "la même vente, octet pour octet, comme après une réponse perdue",
    "the same sale, byte for byte, as after a lost reply",
)
REPEAT_OK = Phrase("« duplicate », et le registre n’a pas bougé", "“duplicate”, and the ledger did not move")
DECLINE = Phrase("Un refus", "A decline")
DECLINE_OK = Phrase("refusé, rien au registre", "declined, nothing in the ledger")
CUT = Phrase("Arracher le câble juste après le débit", "Pull the cable out right after the charge")
CUT_ASKS = Phrase(
    "vente de {amount}; le câble sera arraché avant que le terminal puisse confirmer",
    "sale of {amount}; the cable will be pulled out before the terminal can confirm",
)
CUT_DOUBT_OK = Phrase(
    "l’accueil a lu qu’il faut attendre, et non qu’il faut recommencer",
    "the desk was told to wait, not to try again",
)
CUT_OK = Phrase(
    "l’agent a demandé au terminal : approuvé. Preuve : {source}; concordent : {agrees}",
    "the agent asked the terminal: approved. Evidence: {source}; in agreement: {agrees}",
)
CUT_LEDGER_OK = Phrase("un seul débit au registre", "one charge in the ledger")
STOP = Phrase("Le personnel arrête un paiement", "Staff stop a payment")
STOP_ASKS = Phrase(
    "vente de {amount}; le patient ne vient pas", "sale of {amount}; the patient does not come"
)
STOP_PRESSED = Phrase("arrêter", "stop")
STOP_OK = Phrase("annulé à temps, rien au registre", "stopped in time, nothing in the ledger")
LEDGER_LINE = Phrase(
    "ligne {n} : {kind} de {amount}, carte ••{four}", "line {n}: {kind} of {amount}, card ••{four}"
)
CARD_LINE = Phrase("ligne {n} : {kind}, ••{four}", "line {n}: {kind}, ••{four}")
CLOSING_LINE = Phrase("ligne {n} : {kind}, {amount}", "line {n}: {kind}, {amount}")
KEEP_AT_VAULT = Phrase(
    "Dans les pages : garder une carte par le lecteur et son coffre",
    "In the pages: keep a card by the reader and its vault",
)
KEEP_AT_VAULT_ASKS = Phrase(
    "Clients > Benali, Mohamed > Carte de crédit > (+) > Sauvegarder",
    "Patients > Benali, Mohamed > Credit card > (+) > Save",
)
SWIPED = Phrase("une carte {card} est glissée", "a {card} card is swiped")
KEYED = Phrase(
    "le numéro d’une carte {card} est composé sur son clavier",
    "the number of a {card} card is keyed on its keypad",
)
KEPT_AT_VAULT_OK = Phrase(
    "la carte est au dossier dans les pages, et au coffre sous le même jeton; aucun argent n’a bougé",
    "the card is on file in the pages, and at the vault under the same token; no money moved",
)
MISSED = Phrase(
    "Dans les pages : facturer un rendez-vous manqué, sans la carte",
    "In the pages: bill a missed appointment, without the card",
)
MISSED_ASKS = Phrase(
    "Rendez-vous d’hier > Benali, Mohamed > Absent > facturer les frais annoncés à la carte au dossier",
    "Yesterday’s appointments > Benali, Mohamed > No-show > bill the announced fee to the card on file",
)
MISSED_OK = Phrase(
    "{amount} par jeton, une ligne au coffre; la facture est payée",
    "{amount} by token, one line at the vault; the invoice is paid",
)
NOT_SO = Phrase("attendu : {wanted}; c’est : {found}", "expected: {wanted}; it is: {found}")

# --- play; it begins with simulator.demo.tour ---------------------------------------------------------------

REPEAT_LAST = Phrase("la dernière commande, encore une fois", "the last command, once more")
CABLE_OUT = Phrase("le câble est arraché", "the cable is pulled out")
CABLE_IN = Phrase("le câble est remis", "the cable is plugged in again")
READER_OUT = Phrase("le lecteur est débranché", "the reader is unplugged")
READER_IN = Phrase("le lecteur est rebranché", "the reader is plugged in again")
PRESENTED = Phrase("une carte {card} est présentée au terminal", "a {card} card is presented to the terminal")
KILLED = Phrase("tué (kill -9) : {name}", "killed (kill -9): {name}")
REVIVED = Phrase("redémarré : {name}, processus {pid}", "started again: {name}, process {pid}")
NOTHING_YET = Phrase("rien à répéter ni à arrêter", "nothing to repeat or to stop")
NOT_NOW = Phrase("pas maintenant : {why}", "not now: {why}")
EMPTY_LEDGER = Phrase("les registres sont vides", "the ledgers are empty")

# --- the end ----------------------------------------------------------------------------------------------

ENDING = Phrase("fin : on arrête tout, puis on compare", "the end: everything is stopped, then compared")
VERDICT = Phrase(
    "Verdict d’un processus à part, qui n’a que les deux registres et le trafic",
    "Verdict of a separate process that has only the two ledgers and the traffic",
)
TAMPERED = Phrase(
    "TAMPER=1 : on falsifie la ligne {n} du registre, de {before} à {after}",
    "TAMPER=1: line {n} of the ledger is falsified, from {before} to {after}",
)
NOTHING_TO_TAMPER = Phrase(
    "TAMPER=1 : le registre n’a aucun débit à falsifier", "TAMPER=1: no charge to falsify"
)
FILES = Phrase("Fichiers de cette démonstration : {folder}", "The files of this demo: {folder}")
INTERRUPTED = Phrase("interrompu avant la fin : pas de verdict", "interrupted before the end: no verdict")
FAILED = Phrase("la démonstration n’a pas pu continuer : {why}", "the demo could not go on: {why}")
TOO_LONG = Phrase("une étape a duré trop longtemps", "a step took too long")
STORY_FAILED = Phrase(
    "au moins une étape ne s’est pas passée comme prévu (✗ ci-dessus)",
    "at least one step did not go as expected (✗ above)",
)
