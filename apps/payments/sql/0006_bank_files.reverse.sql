DROP TRIGGER payments_bank_file_sighting_append_only ON payments_bank_file_sighting;
DROP TRIGGER payments_bank_payout_guard ON payments_bank_payout;
DROP FUNCTION payments_guard_bank_payout_v1();
DROP TRIGGER payments_bank_file_guard ON payments_bank_file;
DROP FUNCTION payments_guard_bank_file_v1();
DROP FUNCTION payments_bank_move_allowed_v1(text, text);
