DROP TRIGGER payments_dispute_evidence_append_only ON payments_dispute_evidence;
DROP TRIGGER payments_dispute_kept ON payments_dispute;
DROP TRIGGER payments_dispute_guard ON payments_dispute;
DROP FUNCTION payments_guard_dispute_v1();
DROP TRIGGER payments_refund_kept ON payments_refund;
DROP TRIGGER payments_refund_guard ON payments_refund;
DROP FUNCTION payments_guard_refund_v1();
DROP TRIGGER payments_refund_begin ON payments_refund;
DROP FUNCTION payments_guard_new_refund_v1();
DROP TRIGGER payments_callback_guard ON payments_callback;
CREATE TRIGGER payments_callback_guard
  BEFORE UPDATE ON payments_callback
  FOR EACH ROW EXECUTE FUNCTION payments_guard_callback_v1();
DROP FUNCTION payments_guard_callback_v2();
DROP TRIGGER payments_attempt_begin ON payments_attempt;
CREATE TRIGGER payments_attempt_begin
  BEFORE INSERT ON payments_attempt
  FOR EACH ROW EXECUTE FUNCTION payments_guard_new_attempt_v1();
DROP FUNCTION payments_guard_new_attempt_v2();
DROP TRIGGER payments_attempt_begin_building ON payments_attempt;
DROP FUNCTION payments_guard_building_attempt_v1();
DROP TRIGGER payments_attempt_guard ON payments_attempt;
CREATE TRIGGER payments_attempt_guard
  BEFORE UPDATE ON payments_attempt
  FOR EACH ROW EXECUTE FUNCTION payments_guard_attempt_v1();
DROP FUNCTION payments_guard_attempt_v2();
DROP TRIGGER payments_payment_intent_guard ON payments_payment_intent;
CREATE TRIGGER payments_payment_intent_guard
  BEFORE UPDATE ON payments_payment_intent
  FOR EACH ROW EXECUTE FUNCTION payments_guard_intent_v1();
DROP FUNCTION payments_guard_intent_v2();
DROP FUNCTION payments_move_allowed_v2(text, text, text);
