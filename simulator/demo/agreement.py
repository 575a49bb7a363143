"""Do the money ledgers and what the clinic was told agree? Pure: lines and traffic in, findings out.

Rules, each with a sentence when it is broken:

- every line that moved money and stands was reported once in effect, by an operation that was approved
- every operation that was reported approved, and moves money, has its line; same kind, amount, currency, card
- the vault keeps the cards that were reported kept, under the same tokens
- no operation has two ends, no command two lines, no fact two contents, nothing is left open
- each ledger is whole (its lines count up without a gap) and no card number is anywhere
- there was something to compare
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from protocols.contract.commands import MONEY
from protocols.contract.operation import OperationView
from protocols.contract.words import is_final
from simulator.acquirer.lines import Line, encode
from simulator.acquirer.totals import tokens_kept
from simulator.demo.matching import LEDGER, VAULT, Booked, Pairs, differs, matched, standing
from simulator.demo.traffic import Traffic, shows_card_number
from simulator.demo.transcript import Phrase, both, money

KINDS = {
    "charge": Phrase("un débit", "a charge"),
    "refund": Phrase("un remboursement", "a refund"),
    "hold": Phrase("une préautorisation", "a hold"),
    "capture": Phrase("une capture", "a capture"),
    "reversal": Phrase("une annulation", "a reversal"),
    "release": Phrase("une libération", "a release"),
    "batch_close": Phrase("une fermeture de lot", "a batch close"),
    "verification": Phrase("une vérification", "a verification"),
    "token_stored": Phrase("une carte gardée", "a stored card"),
    "token_deleted": Phrase("une carte effacée", "a deleted card"),
}

_CHARGEABLE = "chargeable"
_OPERATIONS = {
    "sale": Phrase("une vente", "a sale"),
    "refund": Phrase("un remboursement", "a refund"),
    "preauth": Phrase("une préautorisation", "a pre-authorisation"),
    "capture": Phrase("une capture", "a capture"),
    "reversal": Phrase("une annulation", "a reversal"),
    "charge_card": Phrase("un paiement avec la carte au dossier", "a payment with the card on file"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and whether it is as it must be."""

    good: bool
    phrase: Phrase


def compare(lines: Sequence[Line], traffic: Traffic, vault: Sequence[Line] = ()) -> list[Finding]:
    """Every finding about the terminal's ledger, the vault's and the traffic; they agree if all are good."""
    ends = _ends(traffic)
    approved = [view for view in ends.values() if view.state == "approved" and view.op in MONEY]
    pairs, alone, missing = matched([*standing(lines), *standing(vault, VAULT)], approved)
    bad = [
        *_ledger_whole(lines, LEDGER),
        *_ledger_whole(vault, VAULT),
        *_told_cleanly(traffic),
        *_left_open(traffic, ends),
        *(_differences(pair, view) for pair, view in pairs if differs(pair, view)),
        *(_unreported(booked, pairs) for booked in alone),
        *(_unbooked(view) for view in missing),
        *_tokens(vault, ends),
        *_leaks(lines, vault, traffic),
    ]
    if not pairs and not bad:
        bad.append(
            _bad("Rien à comparer : aucun paiement approuvé.", "Nothing to compare: no approved payment.")
        )
    return bad or list(_good((*lines, *vault), traffic, pairs, ends))


# --- what was told ----------------------------------------------------------------------------------------


def _ends(traffic: Traffic) -> dict[str, OperationView]:
    """The end of each operation in effect; a correction told later outranks it."""
    ends = {told.view.operation_id: told.view for told in traffic.told if is_final(told.view.state)}
    for word in traffic.corrected:
        if word.operation_id in ends:
            amount = {} if word.amount_minor is None else {"amount_minor": word.amount_minor}
            change = {"state": word.state, "money": word.money, "evidence": word.evidence, **amount}
            ends[word.operation_id] = ends[word.operation_id].model_copy(update=change)
    return ends


def _told_cleanly(traffic: Traffic) -> Iterator[Finding]:
    finals = Counter(told.view.operation_id for told in traffic.told if is_final(told.view.state))
    for operation_id, times in finals.items():
        if times > 1:
            yield _bad(
                "L’opération {id} a été annoncée terminée {n} fois.",
                "Operation {id} was reported as ended {n} times.",
                id=_short(operation_id), n=times,
            )  # fmt: skip
    for place in traffic.changed:
        yield _bad(
            "Le fait {id} a été répété avec un autre contenu.",
            "Fact {id} was repeated with another content.",
            id=place,
        )
    for number in traffic.broken:
        yield _bad(
            "Trafic, ligne {n} : ce message n’est pas du contrat.",
            "Traffic, line {n}: this message is not of the contract.",
            n=number,
        )


def _left_open(traffic: Traffic, ends: dict[str, OperationView]) -> Iterator[Finding]:
    for told in {told.view.operation_id: told for told in traffic.told}.values():
        if told.view.operation_id not in ends and told.view.state != "rejected":
            yield _bad(
                "L’opération {id} ({op}) est restée ouverte : {state}.",
                "Operation {id} ({op}) was left open: {state}.",
                id=_short(told.view.operation_id), op=told.view.op, state=told.view.state,
            )  # fmt: skip


# --- what is booked ---------------------------------------------------------------------------------------


def _ledger_whole(lines: Sequence[Line], book: Phrase) -> Iterator[Finding]:
    count: Counter[str] = Counter()
    for number, line in enumerate(lines, 1):
        count[line.terminal] += 1
        if line.id != f"{line.terminal}-{count[line.terminal]}":
            yield _bad(
                "{book}, ligne {n} : son numéro est {id}, {wanted} était attendu; une ligne manque.",
                "{book}, line {n}: its id is {id}, {wanted} was expected; a line is missing.",
                book=book, n=number, id=line.id, wanted=f"{line.terminal}-{count[line.terminal]}",
            )  # fmt: skip
            count[line.terminal] = _number(line)


def _differences(booked: Booked, view: OperationView) -> Finding:
    line = booked.line
    return _bad(
        "{book}, ligne {n} : {kind} de {booked}, carte {card}; l’agent a annoncé {op} de {told}, carte "
        "{told_card} (opération {id}).",
        "{book}, line {n}: {kind} of {booked}, card {card}; the agent reported {op} of {told}, card "
        "{told_card} (operation {id}).",
        book=booked.book, n=booked.number, kind=KINDS[line.kind],
        booked=money(line.amount_minor, line.currency),
        card=line.card[-4:], op=_OPERATIONS[view.op],
        told=money(view.amount_minor or 0, view.currency or "CAD"),
        told_card=(view.card.last_four if view.card else None) or "?", id=_short(view.operation_id),
    )  # fmt: skip


def _unreported(booked: Booked, pairs: Pairs) -> Finding:
    line = booked.line
    twin = next((one for one, _ in pairs if _twins(one.line, line)), None)
    if twin is not None:
        return _bad(
            "{book}, ligne {n} : encore {kind} de {amount} sur la même carte qu’à la ligne {twin}, que "
            "personne n’a annoncé. Débité deux fois?",
            "{book}, line {n}: again {kind} of {amount} on the same card as line {twin}, which nobody "
            "reported. Charged twice?",
            book=booked.book, n=booked.number, kind=KINDS[line.kind],
            amount=money(line.amount_minor, line.currency), twin=twin.number,
        )  # fmt: skip
    return _bad(
        "{book}, ligne {n} : {kind} de {amount} que personne n’a annoncé à la clinique.",
        "{book}, line {n}: {kind} of {amount} that nobody reported to the clinic.",
        book=booked.book, n=booked.number, kind=KINDS[line.kind],
        amount=money(line.amount_minor, line.currency),
    )  # fmt: skip


def _twins(one: Line, other: Line) -> bool:
    return (one.kind, one.amount_minor, one.card) == (other.kind, other.amount_minor, other.card)


def _unbooked(view: OperationView) -> Finding:
    return _bad(
        "L’agent a annoncé {op} de {amount} (opération {id}) : le registre n’en sait rien.",
        "The agent reported {op} of {amount} (operation {id}): the ledger knows nothing of it.",
        op=_OPERATIONS[view.op],
        amount=money(view.amount_minor or 0, view.currency or "CAD"),
        id=_short(view.operation_id),
    )


# --- card numbers, and the good end -----------------------------------------------------------------------


def _tokens(vault: Sequence[Line], ends: Mapping[str, OperationView]) -> Iterator[Finding]:
    """A line without an order is not an agent's: the clinic itself kept a card that was given online."""
    told = {
        view.token.value: view
        for view in ends.values()
        if view.op == "store_card"
        and view.state == "approved"
        and view.token
        and view.token.kind == _CHARGEABLE
    }
    stored = {line.token for line in vault if line.kind == "token_stored"}
    for number, line in enumerate(vault, 1):
        if line.kind == "token_stored" and line.order and line.token not in told:
            yield _bad(
                "Coffre, ligne {n} : une carte gardée que personne n’a annoncée à la clinique.",
                "Vault, line {n}: a stored card that nobody reported to the clinic.",
                n=number,
            )
    for token, view in told.items():
        if token not in stored:
            yield _bad(
                "L’agent a annoncé une carte gardée (opération {id}) : le coffre n’en sait rien.",
                "The agent reported a stored card (operation {id}): the vault knows nothing of it.",
                id=_short(view.operation_id),
            )


def _leaks(lines: Sequence[Line], vault: Sequence[Line], traffic: Traffic) -> Iterator[Finding]:
    for number in traffic.leaks:
        yield _bad(
            "Trafic, ligne {n} : un numéro de carte s’y trouve.",
            "Traffic, line {n}: there is a card number in it.",
            n=number,
        )
    for book, its in ((LEDGER, lines), (VAULT, vault)):
        for number, line in enumerate(its, 1):
            if shows_card_number(encode(line).decode().replace(line.token or "\n", "")):
                yield _bad(
                    "{book}, ligne {n} : un numéro de carte s’y trouve.",
                    "{book}, line {n}: there is a card number in it.",
                    book=book, n=number,
                )  # fmt: skip


def _good(
    lines: Sequence[Line], traffic: Traffic, pairs: Pairs, ends: dict[str, OperationView]
) -> Iterator[Finding]:
    for booked, view in sorted(pairs, key=lambda pair: (pair[0].book is VAULT, pair[0].number)):
        source = view.evidence.source if view.evidence else "?"
        yield Finding(
            True,
            Phrase(
                "{book}, ligne {n} : {kind} de {amount} = opération {id}, approuvée (preuve : {source}).",
                "{book}, line {n}: {kind} of {amount} = operation {id}, approved (evidence: {source}).",
            ).format(
                book=booked.book, n=booked.number, kind=KINDS[booked.line.kind],
                amount=money(booked.line.amount_minor, booked.line.currency), id=_short(view.operation_id),
                source=source,
            ),
        )  # fmt: skip
    repeated = [asked for asked in traffic.asked.values() if asked.deliveries > 1 and asked.op in MONEY]
    other = sum(view.op in MONEY and view.state != "approved" for view in ends.values())
    yield Finding(
        True,
        Phrase(
            "Lignes aux registres : {n}; cartes gardées au coffre : {kept}; paiements sans débit : {ends}; "
            "commandes répétées : {repeated}. Rien n’a été fait deux fois.",
            "Ledger lines: {n}; cards kept at the vault: {kept}; payments without a charge: {ends}; repeated "
            "commands: {repeated}. Nothing happened twice.",
        ).format(n=len(lines), kept=len(tokens_kept(lines)), ends=other, repeated=len(repeated)),
    )
    yield Finding(
        True,
        Phrase(
            "{n} messages MQTT lus : aucun numéro de carte.",
            "{n} MQTT messages read: no card number.",
        ).format(n=traffic.messages),
    )


def _bad(fr: str, en: str, **values: object) -> Finding:
    return Finding(False, Phrase(fr, en).format(**values))


def _short(operation_id: str) -> Phrase:
    """The end of an operation's id: enough to find it."""
    return both(f"…{operation_id[-6:]}")


def _number(line: Line) -> int:
    tail = line.id.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0
