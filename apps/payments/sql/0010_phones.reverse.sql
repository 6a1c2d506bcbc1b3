DROP TRIGGER payments_callback_guard ON payments_callback;
CREATE TRIGGER payments_callback_guard
  BEFORE UPDATE ON payments_callback
  FOR EACH ROW EXECUTE FUNCTION payments_guard_callback_v2();
DROP FUNCTION payments_guard_callback_v3();
DROP TRIGGER payments_phone_number_guard ON payments_phone_number;
DROP FUNCTION payments_guard_phone_number_v1();
