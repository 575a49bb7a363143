"""The gateway's requests and its receipt, as declared: field names are the wire's own.

Source: field sheet on gateways, "Moneris wire format". The order of the fields is the order in which we write
them; whoever reads takes them by name in any order. A field that is None is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from protocols.core.card import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class AvsInfo:
    """What the issuer compares. `avs_street_number` up to 19 characters; `avs_zipcode` up to 9, no space."""

    avs_street_number: str | None = None
    avs_street_name: str | None = None
    avs_zipcode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CofInfo:
    """How a stored credential is used. An empty issuer_id is sent as an empty element."""

    payment_indicator: str  # C first of unscheduled uses, U merchant's, Z cardholder's
    payment_information: str  # 0 first, 2 later
    issuer_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncCardVerification:
    """The issuer looks at the card of a frame, without money."""

    tag: ClassVar[str] = "enc_card_verification"
    order_id: str
    cust_id: str
    enc_track2: Sealed
    device_type: str
    crypt_type: str
    avs_info: AvsInfo | None = None
    cof_info: CofInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncPurchase:
    """A purchase with a frame that was keyed, card not present. `amount` is dollars with two decimals."""

    tag: ClassVar[str] = "enc_purchase"
    order_id: str
    cust_id: str
    amount: str
    enc_track2: Sealed
    device_type: str
    crypt_type: str
    dynamic_descriptor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncTrack2Purchase:
    """A purchase with a frame that was swiped."""

    tag: ClassVar[str] = "enc_track2_purchase"
    order_id: str
    cust_id: str
    amount: str
    enc_track2: Sealed
    pos_code: str
    device_type: str
    dynamic_descriptor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResTokenizeCc:
    """A vault profile for the card of a done transaction."""

    tag: ClassVar[str] = "res_tokenize_cc"
    order_id: str
    txn_number: str
    cust_id: str | None = None
    data_key_format: str | None = None
    return_issuer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResCardVerificationCc:
    """The issuer looks at a stored card, without money."""

    tag: ClassVar[str] = "res_card_verification_cc"
    data_key: str
    order_id: str
    cust_id: str | None = None
    crypt_type: str
    avs_info: AvsInfo | None = None
    cof_info: CofInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResPurchaseCc:
    """A purchase with a stored card."""

    tag: ClassVar[str] = "res_purchase_cc"
    data_key: str
    order_id: str
    cust_id: str | None = None
    amount: str
    crypt_type: str
    dynamic_descriptor: str | None = None
    cof_info: CofInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money given back; `order_id` and `txn_number` are the purchase's."""

    tag: ClassVar[str] = "refund"
    order_id: str
    amount: str
    txn_number: str
    crypt_type: str
    cust_id: str | None = None
    dynamic_descriptor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseCorrection:
    """A purchase undone whole, within its batch; `order_id` and `txn_number` are the purchase's."""

    tag: ClassVar[str] = "purchasecorrection"
    order_id: str
    txn_number: str
    crypt_type: str
    cust_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResDelete:
    """The vault forgets a card."""

    tag: ClassVar[str] = "res_delete"
    data_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResGetExpiring:
    """The stored cards that expire this month. The gateway takes only a few of these a day."""

    tag: ClassVar[str] = "res_get_expiring"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResAddToken:
    """A lasting profile for the temporary token (`ot-…`) of a hosted entry page. `expdate` is YYMM."""

    tag: ClassVar[str] = "res_add_token"
    data_key: str
    cust_id: str | None = None
    crypt_type: str
    expdate: str | None = None
    data_key_format: str | None = None
    avs_info: AvsInfo | None = None
    cof_info: CofInfo | None = None


@dataclass(frozen=True, slots=True)
class StatusCheck:
    """What became of an order: the transaction's name with its order id alone, and the status flag beside it.
    [?] That the gateway needs no other field is not confirmed."""

    tag: str
    order_id: str


WithFrame = EncCardVerification | EncPurchase | EncTrack2Purchase
Transaction = (
    WithFrame
    | ResTokenizeCc
    | ResCardVerificationCc
    | ResPurchaseCc
    | Refund
    | PurchaseCorrection
    | ResDelete
    | ResGetExpiring
    | ResAddToken
    | StatusCheck
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveData:
    """What the vault keeps of a card. `masked_pan` shows the first and the last four digits."""

    data_key: str | None = None
    payment_type: str | None = None
    cust_id: str | None = None
    phone: str | None = None
    email: str | None = None
    note: str | None = None
    expdate: str | None = None
    masked_pan: str | None = None
    crypt_type: str | None = None
    avs_street_number: str | None = None
    avs_street_name: str | None = None
    avs_zipcode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The reply to every request, each value as the text on the wire; "null", empty and absent are None.

    `response_code` 000 to 049 approved, from 050 declined, None not sent for authorisation. `status_code` and
    `status_message` come with a status check alone.
    """

    data_key: str | None = None
    receipt_id: str | None = None
    reference_num: str | None = None
    response_code: str | None = None
    iso: str | None = None
    auth_code: str | None = None
    message: str | None = None
    trans_time: str | None = None
    trans_date: str | None = None
    trans_type: str | None = None
    complete: str | None = None
    trans_amount: str | None = None
    card_type: str | None = None
    trans_id: str | None = None
    timed_out: str | None = None
    corporate_card: str | None = None
    recur_success: str | None = None
    avs_result_code: str | None = None
    cvd_result_code: str | None = None
    res_success: str | None = None
    payment_type: str | None = None
    is_visa_debit: str | None = None
    issuer_id: str | None = None
    status_code: str | None = None
    status_message: str | None = None
    resolved: tuple[ResolveData, ...] = field(default=())


RECEIPT_TAGS: dict[str, str] = {
    "data_key": "DataKey",
    "receipt_id": "ReceiptId",
    "reference_num": "ReferenceNum",
    "response_code": "ResponseCode",
    "iso": "ISO",
    "auth_code": "AuthCode",
    "message": "Message",
    "trans_time": "TransTime",
    "trans_date": "TransDate",
    "trans_type": "TransType",
    "complete": "Complete",
    "trans_amount": "TransAmount",
    "card_type": "CardType",
    "trans_id": "TransID",
    "timed_out": "TimedOut",
    "corporate_card": "CorporateCard",
    "recur_success": "RecurSuccess",
    "avs_result_code": "AvsResultCode",
    "cvd_result_code": "CvdResultCode",
    "res_success": "ResSuccess",
    "payment_type": "PaymentType",
    "is_visa_debit": "IsVisaDebit",
    "issuer_id": "IssuerId",
    "status_code": "status_code",
    "status_message": "status_message",
}
"""Field of a Receipt -> its element. Elements that only other products use are not read."""
