"""From an operation to what the vault is asked. Order ids are the operation's own, so that what became of an
order can be asked even where the journal that noted it is lost. Pure tables of requests."""

from __future__ import annotations

from protocols.core.errors import LocalError
from protocols.core.operations import (
    ChargeCard,
    DeleteCard,
    ListExpiring,
    Original,
    Refund,
    Request,
    Reversal,
    Sale,
    StoreCard,
    VerifyCard,
)
from protocols.core.vault import (
    CorrectOrder,
    DeleteToken,
    OrderKind,
    PurchaseFrame,
    PurchaseToken,
    RefundOrder,
    StatusOf,
    StoredCredential,
    TokenizeOrder,
    VaultRequest,
    VerifyFrame,
    VerifyToken,
)
from protocols.core.vault import ListExpiring as ExpiringCards
from protocols.reader_vault.dialogue import Dialogue

BY_CARD = frozenset({StoreCard, Sale})
# What leaves something at the vault, and can be asked for by its order.
ORDERS: dict[type, OrderKind] = {
    StoreCard: "verify_frame",
    Sale: "purchase_frame",
    ChargeCard: "purchase_token",
    Refund: "refund",
    Reversal: "correction",
}


def original_of(request: Request) -> Original | None:
    """The earlier order that a refund or a reversal works on."""
    if isinstance(request, Refund | Reversal):
        return request.original
    return None


def order_id_of(request: Request) -> str:
    """The order that a request is, or works on."""
    original = original_of(request)
    return original.operation_id if original is not None else request.operation_id


def status_of(request: Request) -> StatusOf:
    """The question what became of it."""
    return StatusOf(order_id_of(request), ORDERS[type(request)])


def order_of(dialogue: Dialogue) -> VaultRequest:
    """The order itself, once. Raises LocalError for what a vault cannot do."""
    request = dialogue.sought
    name = request.operation_id
    match request:
        case StoreCard() | Sale():
            return _by_frame(dialogue)
        case ChargeCard(token=token, amount=amount, use=use, issuer_id=issuer):
            credential = StoredCredential(use, issuer)
            return PurchaseToken(
                order_id=name, customer=name, token=token, amount=amount, credential=credential
            )
        case VerifyCard(token=token, issuer_id=issuer, address=address):
            used = StoredCredential("cardholder", issuer) if issuer else None
            return VerifyToken(order_id=name, customer=name, token=token, address=address, credential=used)
        case DeleteCard(token=token):
            return DeleteToken(token)
        case ListExpiring():
            return ExpiringCards()
    return _on_an_order(request)


def _on_an_order(request: Request) -> VaultRequest:
    name = request.operation_id
    match request:
        case Refund(amount=amount, original=Original() as original):
            return RefundOrder(
                order_id=original.operation_id,
                customer=name,
                transaction=_transaction(original),
                amount=amount,
            )
        case Reversal(original=original):
            return CorrectOrder(
                order_id=original.operation_id, customer=name, transaction=_transaction(original)
            )
    raise LocalError("unsupported", f"a vault cannot do {type(request).__name__}")


def keeping(dialogue: Dialogue) -> TokenizeOrder:
    """Keep the card of the verification that is done; the same token however often it is asked."""
    name = dialogue.sought.operation_id
    return TokenizeOrder(order_id=name, customer=name, transaction=dialogue.keys["transaction"])


def _by_frame(dialogue: Dialogue) -> VaultRequest:
    request, card = dialogue.sought, dialogue.presented
    if card is None:
        raise LocalError("no_card", f"{request.operation_id} has no card; it cannot be ordered")
    name, keyed = request.operation_id, card.card.entry_mode == "keyed"
    if isinstance(request, StoreCard):
        return VerifyFrame(
            order_id=name,
            customer=name,
            frame=card.frame,
            keyed=keyed,
            address=request.address,
            credential=StoredCredential("first") if request.charged_later else None,
        )
    assert isinstance(request, Sale)
    return PurchaseFrame(order_id=name, customer=name, frame=card.frame, keyed=keyed, amount=request.amount)


def _transaction(original: Original) -> str:
    if "transaction" not in original.keys:
        raise LocalError("original_unknown", f"the vault's reference of {original.operation_id} is not known")
    return original.keys["transaction"]
