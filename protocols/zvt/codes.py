"""The code tables of ZVT: results, terminal status, intermediate status, card types, command names.

Source: PA00P015 chapters 2, 3 and 10, tables of error messages, intermediate statuses and card types; host
results below 64 are ISO 8583 action codes. Slugs are stable: words in two languages hang on them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Category = Literal["approved", "host_decline", "cancelled", "busy", "not_done", "technical"]
State = Literal["awaiting_card", "card_present", "pin", "authorizing", "result_seen", "recovering"]
WaitingOn = Literal["cardholder", "staff", "terminal", "host"]
Remedy = Literal["initialise", "set_clock", "diagnose", "end_of_day", "wait", "staff", "service"]


class Result(NamedTuple):
    """What BMP 27, an 84 xx answer or 06 1E says. `approved` is 00 alone."""

    slug: str
    category: Category


class TerminalStatus(NamedTuple):
    """What the completion of a status enquiry says; `remedy` None when the terminal is ready."""

    slug: str
    remedy: Remedy | None


class Prompt(NamedTuple):
    """What 04 FF says. `remove_card`: the card is to be taken out as well."""

    state: State
    slug: str
    waiting_on: WaitingOn
    remove_card: bool = False


# --- results ----------------------------------------------------------------------------------------

_HOST: dict[int, str] = {  # decimal, as in ISO 8583 field 39
    1: "call_issuer",
    2: "call_issuer",
    3: "merchant_invalid",
    4: "card_blocked",
    5: "declined",
    12: "transaction_invalid",
    13: "amount_invalid",
    14: "card_unknown",
    33: "card_expired",
    34: "declined",
    41: "card_blocked",
    43: "card_blocked",
    51: "insufficient_funds",
    54: "card_expired",
    55: "wrong_pin",
    57: "card_not_admitted",
    58: "function_impossible",
    61: "limit_exceeded",
    62: "card_blocked",
    65: "limit_exceeded",
    75: "pin_tries_exceeded",
    91: "issuer_unavailable",
    96: "issuer_unavailable",
}
_RESULTS: dict[int, Result] = {
    0x00: Result("approved", "approved"),
    **{code: Result("declined_by_host", "host_decline") for code in range(0x01, 0x64)},
    **{code: Result(slug, "host_decline") for code, slug in _HOST.items()},
    0x64: Result("card_unreadable", "not_done"),
    0x65: Result("card_data_missing", "not_done"),
    0x66: Result("processing_error", "technical"),
    0x67: Result("function_not_for_debit", "not_done"),
    0x68: Result("function_not_for_credit", "not_done"),
    0x6A: Result("turnover_full", "not_done"),
    0x6B: Result("not_registered", "not_done"),
    0x6C: Result("aborted_at_terminal", "cancelled"),
    0x6E: Result("card_blocked", "not_done"),
    0x6F: Result("wrong_currency", "not_done"),
    0x71: Result("insufficient_funds", "not_done"),
    0x72: Result("chip_error", "not_done"),
    0x73: Result("card_data_wrong", "not_done"),
    0x74: Result("keys_used_up", "not_done"),
    0x75: Result("text_not_authentic", "not_done"),
    0x76: Result("card_not_whitelisted", "not_done"),
    0x77: Result("end_of_day_impossible", "not_done"),
    0x78: Result("card_expired", "not_done"),
    0x79: Result("card_not_yet_valid", "not_done"),
    0x7A: Result("card_unknown", "not_done"),
    0x7B: Result("fallback_impossible", "not_done"),
    0x7C: Result("fallback_impossible", "not_done"),
    0x7D: Result("communication_error", "technical"),
    0x7E: Result("fallback_impossible", "not_done"),
    0x83: Result("function_impossible", "not_done"),
    0x85: Result("key_missing", "not_done"),
    0x89: Result("pin_pad_defective", "technical"),
    0x9A: Result("protocol_error", "technical"),
    0x9B: Result("dial_up_error", "technical"),
    0x9C: Result("please_wait", "busy"),
    0x9D: Result("partial_goods", "not_done"),
    0xA0: Result("terminal_not_ready", "busy"),
    0xA1: Result("host_no_answer", "technical"),
    0xA3: Result("host_no_connection", "technical"),
    0xA4: Result("host_no_answer", "technical"),
    0xA5: Result("refused_for_card_security", "not_done"),
    0xB1: Result("memory_full", "not_done"),
    0xB2: Result("journal_full", "not_done"),
    0xB4: Result("already_reversed", "not_done"),
    0xB5: Result("reversal_impossible", "not_done"),
    0xB7: Result("preauth_amount_wrong", "not_done"),
    0xB8: Result("preauth_error", "not_done"),
    0xBF: Result("voltage_low", "technical"),
    0xC0: Result("card_lock_defective", "technical"),
    0xC1: Result("merchant_card_locked", "not_done"),
    0xC2: Result("diagnosis_needed", "not_done"),
    0xC3: Result("amount_too_big", "not_done"),
    0xC4: Result("card_profile_missing", "not_done"),
    0xC5: Result("payment_method_unsupported", "not_done"),
    0xC6: Result("wrong_currency", "not_done"),
    0xC8: Result("amount_too_small", "not_done"),
    0xC9: Result("limit_exceeded", "not_done"),
    0xCB: Result("wrong_currency", "not_done"),
    0xCC: Result("printer_not_ready", "technical"),
    0xCD: Result("cashback_impossible", "not_done"),
    0xD2: Result("function_not_for_debit", "not_done"),
    0xDC: Result("card_still_inserted", "busy"),
    0xDD: Result("card_eject_error", "technical"),
    0xDE: Result("card_insert_error", "technical"),
    0xE0: Result("remote_maintenance", "busy"),
    0xE2: Result("card_reader_defective", "technical"),
    0xE3: Result("shutter_defective", "technical"),
    0xE4: Result("activation_needed", "not_done"),
    0xE7: Result("goods_not_available", "not_done"),
    0xE8: Result("goods_not_available", "not_done"),
    0xE9: Result("goods_not_available", "not_done"),
    0xEA: Result("authorisation_code_wrong", "not_done"),
    0xEB: Result("pin_impossible", "not_done"),
    0xEC: Result("wrong_pin", "not_done"),
    0xED: Result("pin_tries_exceeded", "not_done"),
    0xF0: Result("end_of_day_needed", "not_done"),
    0xF1: Result("offline_error", "technical"),
    0xF5: Result("opt_needed", "not_done"),
    0xF6: Result("opt_needed", "not_done"),
    0xFA: Result("clearing_error", "technical"),
    0xFB: Result("record_missing", "not_done"),
    0xFC: Result("device_missing", "technical"),
    0xFD: Result("baud_rate_unsupported", "not_done"),
    0xFE: Result("register_unknown", "not_done"),
    0xFF: Result("system_error", "technical"),
}
_UNLISTED = Result("unlisted_result", "technical")


BUSY = 0x9C  # as an answer, a result and a terminal status alike


def result(code: int) -> Result:
    """The meaning of a result code, 0 to 255; total."""
    return _RESULTS.get(code, _UNLISTED)


# --- terminal status --------------------------------------------------------------------------------

_STATUSES: dict[int, TerminalStatus] = {
    0x00: TerminalStatus("ready", None),
    0x51: TerminalStatus("initialisation_needed", "initialise"),
    0x62: TerminalStatus("clock_wrong", "set_clock"),
    0x9C: TerminalStatus("please_wait", "wait"),
    0xB1: TerminalStatus("memory_full", "end_of_day"),
    0xB2: TerminalStatus("journal_full", "end_of_day"),
    0xBF: TerminalStatus("voltage_low", "service"),
    0xC0: TerminalStatus("card_lock_defective", "service"),
    0xC1: TerminalStatus("merchant_card_locked", "staff"),
    0xC2: TerminalStatus("diagnosis_needed", "diagnose"),
    0xC4: TerminalStatus("card_profile_missing", "diagnose"),
    0xCC: TerminalStatus("printer_not_ready", "staff"),
    0xDC: TerminalStatus("card_still_inserted", "staff"),
    0xDF: TerminalStatus("out_of_order", "service"),
    0xE0: TerminalStatus("remote_maintenance", "wait"),
    0xE1: TerminalStatus("card_not_removed", "staff"),
    0xE2: TerminalStatus("card_reader_defective", "service"),
    0xE3: TerminalStatus("shutter_defective", "service"),
    0xE4: TerminalStatus("activation_needed", "staff"),
    0xF0: TerminalStatus("end_of_day_needed", "end_of_day"),
    0xF6: TerminalStatus("opt_needed", "service"),
}
_UNLISTED_STATUS = TerminalStatus("unlisted_status", "service")

# Bits of the status byte (BMP 19) in the completion of a registration.
REGISTRATION_NEEDS: dict[int, str] = {
    0x01: "initialisation_needed",
    0x02: "diagnosis_needed",
    0x04: "opt_needed",
    0x08: "filling_station_mode",
    0x10: "vending_mode",
}


def terminal_status(code: int) -> TerminalStatus:
    """The meaning of a terminal status, 0 to 255; total."""
    return _STATUSES.get(code, _UNLISTED_STATUS)


# --- intermediate status ----------------------------------------------------------------------------

_PROMPTS: dict[int, Prompt] = {
    0x00: Prompt("card_present", "confirm_amount", "cardholder"),
    0x01: Prompt("pin", "pin", "cardholder"),
    0x02: Prompt("pin", "pin", "cardholder"),
    0x03: Prompt("result_seen", "not_accepted", "terminal"),
    0x04: Prompt("authorizing", "authorizing", "host"),
    0x05: Prompt("authorizing", "automatic_reversal", "host"),
    0x06: Prompt("authorizing", "post_booking", "host"),
    0x07: Prompt("result_seen", "card_not_admitted", "terminal"),
    0x08: Prompt("result_seen", "card_unknown", "terminal"),
    0x09: Prompt("result_seen", "card_expired", "terminal"),
    0x0A: Prompt("awaiting_card", "insert_card", "cardholder"),
    0x0B: Prompt("result_seen", "remove_card", "cardholder", True),
    0x0C: Prompt("awaiting_card", "card_unreadable", "cardholder"),
    0x0D: Prompt("result_seen", "aborted_at_terminal", "terminal"),
    0x0E: Prompt("authorizing", "please_wait", "terminal"),
    0x0F: Prompt("authorizing", "automatic_end_of_day", "host"),
    0x10: Prompt("result_seen", "card_invalid", "terminal"),
    0x11: Prompt("card_present", "balance_shown", "cardholder"),
    0x12: Prompt("result_seen", "system_error", "terminal"),
    0x13: Prompt("result_seen", "function_impossible", "terminal"),
    0x14: Prompt("result_seen", "insufficient_funds", "terminal"),
    0x15: Prompt("pin", "pin_wrong", "cardholder"),
    0x16: Prompt("result_seen", "limit_exceeded", "terminal"),
    0x17: Prompt("authorizing", "please_wait", "terminal"),
    0x18: Prompt("result_seen", "pin_tries_exceeded", "terminal"),
    0x19: Prompt("result_seen", "card_data_wrong", "terminal"),
    0x1A: Prompt("authorizing", "service_mode", "staff"),
    0x1B: Prompt("result_seen", "approved", "cardholder"),
    0x1C: Prompt("result_seen", "approved", "cardholder"),
    0x1D: Prompt("result_seen", "declined", "terminal"),
    0x26: Prompt("card_present", "enter_mobile_number", "cardholder"),
    0x27: Prompt("card_present", "repeat_mobile_number", "cardholder"),
    0x28: Prompt("card_present", "choose_currency", "cardholder"),
    0x29: Prompt("card_present", "choose_language", "cardholder"),
    0x2A: Prompt("awaiting_card", "insert_card_to_load", "cardholder"),
    0x2B: Prompt("authorizing", "emergency_transaction", "terminal"),
    0x2C: Prompt("card_present", "choose_debit_or_credit", "cardholder"),
    0x68: Prompt("awaiting_card", "present_customer_card", "cardholder"),
    0x69: Prompt("card_present", "choose_currency", "cardholder"),
    0xC7: Prompt("card_present", "enter_mileage", "cardholder"),
    0xC8: Prompt("authorizing", "waiting_for_staff", "staff"),
    0xC9: Prompt("authorizing", "automatic_diagnosis", "host"),
    0xCA: Prompt("authorizing", "automatic_initialisation", "host"),
    0xCB: Prompt("result_seen", "journal_full", "staff"),
    0xCC: Prompt("pin", "pin_needed", "cardholder"),
    0xD2: Prompt("authorizing", "connecting_to_host", "host"),
    0xD3: Prompt("authorizing", "authorizing", "host"),
    0xE0: Prompt("card_present", "choose_application", "cardholder"),
    0xE1: Prompt("card_present", "choose_language", "cardholder"),
    0xE2: Prompt("awaiting_card", "insert_cleaning_card", "staff"),
    0xF1: Prompt("authorizing", "offline", "terminal"),
    0xF2: Prompt("authorizing", "online", "host"),
    0xF3: Prompt("authorizing", "offline_transaction", "terminal"),
    0xFF: Prompt("authorizing", "see_terminal_text", "terminal"),
}
# 41 to 5D and 66, 67 say the same as 01 to 1D, 26 and 27, and that the card is to be removed; 4A is unused.
_PROMPTS |= {
    code: _PROMPTS[code - 0x40]._replace(waiting_on="cardholder", remove_card=True)
    for code in (*range(0x41, 0x4A), *range(0x4B, 0x5E), 0x66, 0x67)
}
_UNLISTED_PROMPT = Prompt("authorizing", "processing", "terminal")


def prompt(status: int) -> Prompt:
    """The meaning of an intermediate status, 0 to 255; total. 0A only means that a card is awaited: the
    terminal itself knows which ways of presenting it are allowed."""
    return _PROMPTS.get(status, _UNLISTED_PROMPT)


# --- card types -------------------------------------------------------------------------------------

_BRANDS: dict[int, str] = {  # decimal
    5: "girocard",
    6: "Mastercard",
    7: "EAPS",
    8: "American Express",
    9: "ELV",
    10: "Visa",
    11: "Visa Electron",
    12: "Diners Club",
    13: "V PAY",
    14: "JCB",
    30: "Geldkarte",
    46: "Maestro",
    69: "PostFinance",
    87: "Bancontact",
    97: "Alipay",
    107: "Alipay",
    196: "Dankort",
    198: "UnionPay",
    232: "Discover",
}


def brand(card_type: int | None) -> str | None:
    """The brand of a ZVT card type (BMP 8A, or tag 41 when it is FF); None when it is not listed."""
    return None if card_type is None else _BRANDS.get(card_type)


# --- commands ---------------------------------------------------------------------------------------

COMMAND_NAMES: dict[int, str] = {
    0x0401: "set_ecr_clock",
    0x040D: "input_request",
    0x040E: "menu_request",
    0x040F: "status_information",
    0x04FF: "intermediate_status",
    0x0501: "status_enquiry",
    0x0600: "registration",
    0x0601: "authorization",
    0x0602: "log_off",
    0x0603: "balance",
    0x0604: "activate_card",
    0x0605: "procurement",
    0x0609: "prepaid_top_up",
    0x060A: "tax_free",
    0x060C: "book_tip",
    0x060F: "completion",
    0x0610: "send_turnover_totals",
    0x0612: "print_receipts",
    0x0618: "reset_terminal",
    0x061A: "print_configuration",
    0x061B: "set_terminal_id",
    0x061E: "aborted_by_terminal",
    0x0620: "repeat_receipt",
    0x0621: "telephone_authorisation",
    0x0622: "preauthorisation",
    0x0623: "partial_reversal",
    0x0624: "book_total",
    0x0625: "preauth_reversal",
    0x0626: "reversal_of_external_reservation",
    0x0630: "reversal",
    0x0631: "refund",
    0x0650: "end_of_day",
    0x0651: "send_offline_transactions",
    0x0670: "diagnosis",
    0x0679: "self_test",
    0x0685: "display_text_obsolete",
    0x0686: "display_text_obsolete",
    0x0687: "display_text_obsolete",
    0x0688: "display_text_obsolete",
    0x0691: "set_clock",
    0x0693: "initialisation",
    0x0695: "change_password",
    0x06B0: "abort",
    0x06C0: "read_card",
    0x06C5: "close_card_session",
    0x06C6: "send_card_apdus",
    0x06D0: "menu_or_signature",
    0x06D1: "print_line",
    0x06D3: "print_block",
    0x06D8: "dial_up",
    0x06D9: "transmit_via_dial_up",
    0x06DA: "receive_via_dial_up",
    0x06DB: "hang_up",
    0x06DD: "transparent_mode",
    0x06E0: "display_text",
    0x06E1: "display_text_with_key",
    0x06E2: "display_text_with_input",
    0x06E3: "customer_card_pin_check",
    0x06E4: "blocked_list_query",
    0x06E5: "mac",
    0x06E6: "card_poll_with_authorisation",
    0x0801: "service_mode",
    0x0802: "switch_protocol",
    0x0810: "software_update",
    0x0811: "read_file",
    0x0812: "delete_file",
    0x0813: "change_configuration",
    0x0814: "write_file",
    0x0820: "opt_action",
    0x0821: "opt_action",
    0x0822: "opt_action",
    0x0823: "opt_action",
    0x0824: "opt_action",
    0x0830: "select_language",
    0x0840: "change_baud_rate",
    0x0850: "activate_card_reader",
    0x8000: "positive",
}

# Commands made of BMPs for which we have no class of their own; True: a password stands in front.
BMP_COMMANDS: dict[int, bool] = {
    0x0603: False,
    0x0604: False,
    0x0605: False,
    0x060C: False,
    0x0610: True,
    0x0618: False,
    0x061A: False,
    0x061B: True,
    0x0621: True,
    0x0626: False,
    0x0651: True,
    0x06E0: False,
    0x06E1: False,
    0x06E2: False,
    0x06E4: False,
    0x0814: True,
}

# Commands that only the terminal sends; all other known ones but the prints come from the ECR alone.
ONLY_FROM_TERMINAL: frozenset[int] = frozenset(
    (
        0x0401,
        0x040D,
        0x040E,
        0x040F,
        0x04FF,
        0x060F,
        0x061E,
        0x06D0,
        0x06D8,
        0x06D9,
        0x06DA,
        0x06DB,
        0x06DD,
        0x06E4,
    )
)
FROM_EITHER: frozenset[int] = frozenset((0x06D1, 0x06D3, 0x8000))


def command_name(code: int) -> str:
    """The name of a command (class and instruction), or `negative`, `vendor` or `unknown`."""
    if code >> 8 == 0x84:
        return "negative"
    return COMMAND_NAMES.get(code, "vendor" if code >> 8 == 0x0F else "unknown")
