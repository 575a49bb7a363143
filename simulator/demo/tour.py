"""After the story: where the clinic's pages are, what to look at in two minutes, and what keys do."""

from __future__ import annotations

from simulator.demo.bench import Bench
from simulator.demo.settings import CARD_COMES_AFTER_S
from simulator.demo.transcript import Phrase, Transcript

_TITLE = Phrase("À vous de jouer", "Your turn")
_ADDRESS = Phrase("La clinique : {address}", "The clinic: {address}")
_LOGINS = Phrase(
    "Utilisateur « accueil », mot de passe accueil; pour la gestion « gestion », mot de passe gestion.",
    "User “accueil”, password accueil; as a manager “gestion”, password gestion.",
)
_STEPS = (
    Phrase(
        "1. Clients > Gagnon, Sophie > Carte de crédit > (+). Cochez ses deux accords, Sauvegarder; {swipe}",
        "1. Patients > Gagnon, Sophie > Credit card > (+). Tick both agreements, Save; {swipe}",
    ),
    Phrase(
        "2. Rendez-vous > le sien : Créer une facture, puis Payer avec le terminal. {present}",
        "2. Appointments > hers: Create an invoice, then Pay with the terminal. {present}",
    ),
    Phrase(
        "3. Rendez-vous, la veille > le sien : Absent, puis facturez les frais à la carte au dossier. Pas de "
        "carte, pas de lecteur : c’est le coffre qui débite, par jeton.",
        "3. Appointments, the day before > hers: No-show, then bill the fee to the card on file. No card, no "
        "reader: the vault charges, by token.",
    ),
    Phrase(
        "4. Réserver comme un patient, sans session : {address}/book. Le code par courriel est dans la boîte "
        "d’envoi, {address}/outbox. Le numéro se tape dans un cadre qui appartient au coffre. Son "
        "certificat est fait pour cette démonstration et votre navigateur ne le connaît pas : ouvrez "
        "d’abord {hosted} dans un onglet et acceptez-le, sinon le cadre reste vide. "
        "Carte d’essai : 4111 1111 1111 1111, 1230, 123.",
        "4. Book as a patient, without a session: {address}/book. The code by e-mail is in the outbox, "
        "{address}/outbox. The number is typed into a frame that belongs to the vault. Its certificate was "
        "made for this demo and your browser does not know it: first open {hosted} in a tab and accept it, "
        "else the frame stays empty. Test card: 4111 1111 1111 1111, 1230, 123.",
    ),
    Phrase(
        "5. Commencez un autre paiement et {pull} La page dit d’attendre, et quoi dire au patient; le "
        "câble remis, la vérité s’affiche d’elle-même.",
        "5. Start another payment and {pull} The page says to wait, and what to tell the patient; once the "
        "cable is back, the truth appears by itself.",
    ),
    Phrase(
        "6. Terminaux de paiement, puis Fermeture de lot (gestion) : les totaux du terminal à côté de ceux "
        "de la clinique. Les paiements du début ont été pris sans les pages : ils y sont nommés, un à un.",
        "6. Payment terminals, then Batch closure (as a manager): the terminal’s totals beside the clinic’s. "
        "The payments at the beginning were taken without the pages: they are named there, one by one.",
    ),
)
_WITH_KEYS = {
    "swipe": Phrase("puis ici, la touche g glisse sa carte.", "then here, the key g swipes her card."),
    "present": Phrase(
        "Ici, p présente la carte; sinon quelqu’un vient au bout de {seconds} s.",
        "Here, p presents the card; else somebody comes after {seconds} s.",
    ),
    "pull": Phrase(
        "arrachez le câble pendant l’autorisation (ici, c).",
        "pull the cable out during the authorisation (here, c).",
    ),
}
_WITHOUT_KEYS = {
    "swipe": Phrase("puis, dans une autre fenêtre, ①.", "then, in another window, ①."),
    "present": Phrase(
        "Dans une autre fenêtre, ②; sinon quelqu’un vient au bout de {seconds} s.",
        "In another window, ②; else somebody comes after {seconds} s.",
    ),
    "pull": Phrase(
        "arrachez le câble pour 10 s pendant l’autorisation (③).",
        "pull the cable out for 10 s during the authorisation (③).",
    ),
}
_KEYS = (
    Phrase(
        "Au comptoir : g glisser une carte au lecteur · n composer un numéro au lecteur · p présenter une "
        "carte au terminal · c arracher ou remettre le câble du terminal · u celui du lecteur",
        "At the counter: g swipe a card at the reader · n key a number on the reader · p present a card at "
        "the terminal · c pull or plug the terminal’s cable · u the reader’s",
    ),
    Phrase(
        "Sans les pages : v vente · d vente refusée · e enregistrer une carte · r répéter la dernière "
        "commande · a arrêter",
        "Without the pages: v sale · d declined sale · e store a card · r repeat the last command · "
        "a stop it",
    ),
    Phrase(
        "k tuer l’agent (kill -9) et b la clinique : ils redémarrent · l registres · q quitter",
        "k kill the agent (kill -9) and b the clinic: they start again · l ledgers · q quit",
    ),
)
_NO_KEYS = Phrase("Tout reste en marche jusqu’à Ctrl-C.", "Everything stays up until Ctrl-C.")
_ELSEWHERE = Phrase("Dans une autre fenêtre :", "In another window:")


def invite(bench: Bench, transcript: Transcript, *, with_keys: bool) -> None:
    """Say all of it."""
    transcript.act(_TITLE)
    transcript.note(_ADDRESS.format(address=bench.ports.address))
    transcript.note(_LOGINS)
    transcript.plain()
    how = _WITH_KEYS if with_keys else _WITHOUT_KEYS
    told = {name: phrase.format(seconds=CARD_COMES_AFTER_S) for name, phrase in how.items()}
    for step in _STEPS:
        transcript.note(step.format(address=bench.ports.address, hosted=bench.ports.hosted_field, **told))
    transcript.plain()
    for keys in _KEYS if with_keys else (_NO_KEYS,):
        transcript.note(keys)
    transcript.note(_ELSEWHERE)
    for line in bench.commands():
        transcript.plain(line)
