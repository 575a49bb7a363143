"""What the vault is asked, as the gateway's transactions. A pure table with the acquirer's rules in it."""

from __future__ import annotations

from protocols.core import vault as core
from protocols.core.card import Address
from protocols.core.vault import OrderKind, VaultRequest
from protocols.moneris import messages as wire
from protocols.moneris.codec import dollars
from protocols.moneris.options import MonerisOptions

# The transaction whose name a status check carries, and the type in its receipt (field sheet, TransType).
STATUS_TAGS: dict[OrderKind, str] = {
    "verify_frame": wire.EncCardVerification.tag,
    "purchase_frame": wire.EncTrack2Purchase.tag,
    "verify_token": wire.ResCardVerificationCc.tag,
    "purchase_token": wire.ResPurchaseCc.tag,
    "refund": wire.Refund.tag,
    "correction": wire.PurchaseCorrection.tag,
}

# How a credential is used (field sheet, COF rules): indicator and information.
_USES: dict[str, tuple[str, str]] = {"first": ("C", "0"), "merchant": ("U", "2"), "cardholder": ("Z", "2")}


def transaction_of(request: VaultRequest, options: MonerisOptions) -> wire.Transaction:
    """The gateway's transaction for a request."""
    match request:
        case core.VerifyFrame() | core.VerifyToken():
            return _verification(request, options)
        case core.PurchaseFrame() | core.PurchaseToken():
            return _purchase(request, options)
        case core.RefundOrder() | core.CorrectOrder() | core.TokenizeOrder():
            return _follow_up(request, options)
        case core.DeleteToken(token=token):
            return wire.ResDelete(data_key=token)
        case core.ListExpiring():
            return wire.ResGetExpiring()
        case core.StatusOf(order_id=order_id, kind=kind):
            return wire.StatusCheck(STATUS_TAGS[kind], order_id)


def _verification(request: core.VerifyFrame | core.VerifyToken, options: MonerisOptions) -> wire.Transaction:
    crypt, cof = _credential(request.credential, options)
    if isinstance(request, core.VerifyToken):
        return wire.ResCardVerificationCc(
            data_key=request.token,
            order_id=request.order_id,
            cust_id=request.customer,
            crypt_type=crypt,
            avs_info=_avs(request.address),
            cof_info=cof,
        )
    return wire.EncCardVerification(
        order_id=request.order_id,
        cust_id=request.customer,
        enc_track2=request.frame,
        device_type=options.device_type,
        crypt_type=crypt,
        avs_info=_avs(request.address),
        cof_info=cof,
    )


def _purchase(request: core.PurchaseFrame | core.PurchaseToken, options: MonerisOptions) -> wire.Transaction:
    amount, descriptor = dollars(request.amount.amount_minor), options.dynamic_descriptor or None
    if isinstance(request, core.PurchaseToken):
        crypt, cof = _credential(request.credential, options)
        return wire.ResPurchaseCc(
            data_key=request.token,
            order_id=request.order_id,
            cust_id=request.customer,
            amount=amount,
            crypt_type=crypt,
            dynamic_descriptor=descriptor,
            cof_info=cof,
        )
    if request.keyed:
        return wire.EncPurchase(
            order_id=request.order_id,
            cust_id=request.customer,
            amount=amount,
            enc_track2=request.frame,
            device_type=options.device_type,
            crypt_type=options.crypt_keyed,
            dynamic_descriptor=descriptor,
        )
    return wire.EncTrack2Purchase(
        order_id=request.order_id,
        cust_id=request.customer,
        amount=amount,
        enc_track2=request.frame,
        pos_code=options.pos_code,
        device_type=options.device_type,
        dynamic_descriptor=descriptor,
    )


def _follow_up(
    request: core.RefundOrder | core.CorrectOrder | core.TokenizeOrder, options: MonerisOptions
) -> wire.Transaction:
    if isinstance(request, core.TokenizeOrder):
        return wire.ResTokenizeCc(
            order_id=request.order_id,
            txn_number=request.transaction,
            cust_id=request.customer,
            data_key_format=options.data_key_format,
            return_issuer_id="true",
        )
    if isinstance(request, core.CorrectOrder):
        return wire.PurchaseCorrection(
            order_id=request.order_id,
            txn_number=request.transaction,
            crypt_type=options.crypt_follow_up,
            cust_id=request.customer,
        )
    return wire.Refund(
        order_id=request.order_id,
        amount=dollars(request.amount.amount_minor),
        txn_number=request.transaction,
        crypt_type=options.crypt_follow_up,
        cust_id=request.customer,
        dynamic_descriptor=options.dynamic_descriptor or None,
    )


def _credential(
    credential: core.StoredCredential | None, options: MonerisOptions
) -> tuple[str, wire.CofInfo | None]:
    """The e-commerce indicator and the stored-credential fields of a use. The first use carries no issuer's
    id: the reply brings it."""
    if credential is None:
        return options.crypt_keyed, None
    indicator, information = _USES[credential.use]
    crypt = {
        "first": options.crypt_first,
        "merchant": options.crypt_merchant,
        "cardholder": options.crypt_cardholder,
    }[credential.use]
    issuer_id = "" if credential.use == "first" else credential.issuer_id or ""
    return crypt, wire.CofInfo(
        payment_indicator=indicator, payment_information=information, issuer_id=issuer_id
    )


def _avs(address: Address) -> wire.AvsInfo | None:
    """What of an address is known, in the form that issuers compare; None where nothing is."""
    number, street = (address.street_number or "").strip(), (address.street_name or "").strip()
    postal = "".join((address.postal_code or "").split()).upper()
    if not (number or street or postal):
        return None
    return wire.AvsInfo(
        avs_street_number=number[:19] or None,
        avs_street_name=street[:19] or None,
        avs_zipcode=postal[:9] or None,
    )
