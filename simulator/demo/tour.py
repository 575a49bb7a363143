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
        "Clients > Gagnon, Sophie > Carte de crédit > (+) : cochez ses deux accords, Sauvegarder; {swipe}",
        "Patients > Gagnon, Sophie > Credit card > (+): tick both agreements, Save; {swipe}",
    ),
    Phrase(
        "Dans son dossier, son rendez-vous d’aujourd’hui : Créer une facture, Payer avec le terminal, "
        "« Terminal de l’accueil ». {present}",
        "In her file, today’s appointment: Create an invoice, Pay with the terminal, “Terminal de "
        "l’accueil”. {present}",
    ),
    Phrase(
        "Celui d’hier : Absent, puis Facturer le rendez-vous manqué. Ni patient ni carte : le coffre "
        "débite par jeton. Le reçu est à un clic.",
        "Yesterday’s: No-show, then Bill the missed appointment. No patient and no card: the vault "
        "charges by token. The receipt is one click away.",
    ),
    Phrase(
        "Réserver la nuit, comme une patiente : {address}/rdv, Plateau-Mont-Royal, Physiothérapie, "
        "suivi, emily.carter@exemple.test. Le code du courriel : {address}/outbox. La carte se tape dans un "
        "cadre du coffre, que la clinique ne voit pas; 4111 1111 1111 1111, 1230, 123. Le certificat du "
        "coffre a été fait pour cette démonstration et votre navigateur ne le connaît pas : ouvrez d’abord "
        "{hosted} et acceptez-le (Paramètres avancés), sinon le cadre reste vide.",
        "Book at night, as a patient: {address}/rdv, Plateau-Mont-Royal, Physiotherapy, follow-up, "
        "emily.carter@exemple.test. The code from the e-mail: {address}/outbox. The card is typed into a "
        "frame of the vault’s, which the clinic does not see; 4111 1111 1111 1111, 1230, 123. The vault’s "
        "certificate was made for this demo and your browser does not know it: first open {hosted} and "
        "accept it (Advanced), else the frame stays empty.",
    ),
    Phrase(
        "Un paiement comme en 2, pour Carter, Emily; {pull} La page dit d’attendre, et quoi dire à la "
        "patiente; le câble remis, la vérité s’affiche d’elle-même.",
        "A payment as in 2, for Carter, Emily; {pull} The page says to wait, and what to tell the patient; "
        "once the cable is back, the truth appears by itself.",
    ),
    Phrase(
        "Fermeture de lot : les totaux du terminal à côté de ceux de la clinique. Les paiements du début "
        "ont été demandés sans les pages : ils y paraissent comme un écart.",
        "Batch closure: the terminal’s totals beside the clinic’s. The payments at the beginning were "
        "asked for without the pages: they appear there as a difference.",
    ),
)
_WITH_KEYS = {
    "swipe": Phrase("puis ici, la touche g glisse sa carte.", "then here, the key g swipes her card."),
    "present": Phrase(
        "Ici, p présente la carte; sinon quelqu’un vient au bout de {seconds} s.",
        "Here, p presents the card; else somebody comes after {seconds} s.",
    ),
    "pull": Phrase(
        "dès « Autorisation en cours », arrachez le câble (ici, c).",
        "at “Authorizing”, pull the cable out (here, c).",
    ),
}
_WITHOUT_KEYS = {
    "swipe": Phrase("puis, dans une autre fenêtre, ①.", "then, in another window, ①."),
    "present": Phrase(
        "Dans une autre fenêtre, ②; sinon quelqu’un vient au bout de {seconds} s.",
        "In another window, ②; else somebody comes after {seconds} s.",
    ),
    "pull": Phrase(
        "dès « Autorisation en cours », arrachez le câble pour 10 s (③).",
        "at “Authorizing”, pull the cable out for 10 s (③).",
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
    for number, step in enumerate(_STEPS, 1):
        phrase = step.format(address=bench.ports.address, hosted=bench.ports.hosted_field, **told)
        transcript.step(number, phrase)
    transcript.plain()
    for keys in _KEYS if with_keys else (_NO_KEYS,):
        transcript.note(keys)
    transcript.note(_ELSEWHERE)
    for line in bench.commands():
        transcript.plain(line)
