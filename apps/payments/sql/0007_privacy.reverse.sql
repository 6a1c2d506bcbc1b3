DROP TRIGGER payments_manual_receipt_cards ON payments_manual_receipt;
DROP TRIGGER payments_refund_cards ON payments_refund;
DROP TRIGGER payments_payment_intent_cards ON payments_payment_intent;
DROP FUNCTION payments_guard_cards_v1();
DROP FUNCTION payments_holds_card_v1(text);
