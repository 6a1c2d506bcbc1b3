"""What PayPal's documents say of the issues that are told here."""

from __future__ import annotations

DESCRIPTIONS = {
    "ACTION_DOES_NOT_MATCH_INTENT": (
        "Order was created with an intent to 'CAPTURE'. Please use "
        "v2/checkout/orders/order_id/capture to complete the transaction or alternately "
        "Create an order with an intent of 'AUTHORIZE'."
    ),
    "AUTHORIZATION_ALREADY_CAPTURED": "Authorization has previously been captured.",
    "AUTHORIZATION_VOIDED": "A voided authorization cannot be captured or reauthorized. ",
    "AUTH_CAPTURE_CURRENCY_MISMATCH": (
        "Currency of capture must be the same as currency of authorization."
    ),
    "CANNOT_BE_ZERO_OR_NEGATIVE": (
        "Must be greater than zero. If the currency supports decimals, only two decimal "
        "place precision is supported."
    ),
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded",
    "CAPTURE_STATUS_NOT_VALID": (
        "Invalid capture status. Tracker information can only be added to captures in "
        "`COMPLETED` state."
    ),
    "DECIMALS_NOT_SUPPORTED": (
        "Currency does not support decimals. Please refer to "
        "https://developer.paypal.com/docs/api/reference/currency-codes/ for more "
        "information."
    ),
    "DECIMAL_PRECISION": (
        "If the currency supports decimals, only two decimal place precision is supported."
    ),
    "DUPLICATE_INVOICE_ID": "Invoice ID was previously used to refund a capture.",
    "INSTRUMENT_DECLINED": (
        "The instrument presented  was either declined by the processor or bank, or it "
        "can't be used for this payment."
    ),
    "INVALID_PARAMETER_SYNTAX": ("The value of a field does not conform to the expected format."),
    "INVALID_PARAMETER_VALUE": "A parameter value is not valid.",
    "INVALID_RESOURCE_ID": (
        "Specified resource ID does not exist. Please check the resource ID and try again."
    ),
    "INVALID_STRING_LENGTH": "The value of a field is either too short or too long",
    "MALFORMED_REQUEST_JSON": "The request JSON is not well formed.",
    "MAX_CAPTURE_AMOUNT_EXCEEDED": (
        "Capture amount exceeds allowable limit. Please contact customer service or your "
        "account manager to request the change to your overage limit. The default overage "
        "limit is 115%, which allows the sum of all captures to be up to 115% of the "
        "order amount. The ability to over capture is subjected to regulatory approvals."
    ),
    "MISSING_REQUIRED_PARAMETER": "A required parameter is missing.",
    "ORDER_ALREADY_AUTHORIZED": (
        "Order already captured. If 'intent=CAPTURE' only one capture per order is allowed."
    ),
    "ORDER_ALREADY_CAPTURED": (
        "Order already captured.If 'intent=CAPTURE' only one capture per order is allowed."
    ),
    "ORDER_NOT_APPROVED": (
        "Payer has not yet approved the Order for payment. Please redirect the payer to "
        "the 'rel':'approve' url returned as part of the HATEOAS links within the Create "
        "Order call."
    ),
    "PAYER_CANNOT_PAY": (
        "Combination of payer and payee settings mean that this buyer cannot pay this seller."
    ),
    "PAYPAL_REQUEST_ID_REQUIRED": (
        "A PayPal-Request-Id is required if you are trying to process payment for an "
        "Order. Please specify a PayPal-Request-Id or Create the Order without a "
        "'payment_source' specified."
    ),
    "PERMISSION_DENIED": (
        "You do not have permission to access or perform operations on this resource."
    ),
    "PREVIOUSLY_CAPTURED": (
        "Authorization has been previously captured and hence cannot be voided."
    ),
    "PREVIOUSLY_VOIDED": (
        "Authorization has been previously voided and hence cannot be voided again."
    ),
    "PREVIOUS_REQUEST_IN_PROGRESS": (
        "A previous request on this resource is currently in progress. Please wait for "
        "sometime and try again. It is best to space out the initial and the subsequent "
        "request(s) to avoid receiving this error."
    ),
    "REFUND_AMOUNT_EXCEEDED": (
        "The refund amount must be less than or equal to the capture amount that has not "
        "yet been refunded."
    ),
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "Refund must be in the same currency as the capture",
    "REFUND_FAILED_INSUFFICIENT_FUNDS": (
        "Capture could not be refunded due to insufficient funds. Please check to see if "
        "you have sufficient funds in your PayPal account or if the bank account linked "
        "to your PayPal account is verified and has sufficient funds."
    ),
    "REFUND_TIME_LIMIT_EXCEEDED": (
        "You are over the time limit to perform a refund on this capture"
    ),
}
