DROP TRIGGER payments_provider_stop_guard ON payments_provider_stop;
DROP FUNCTION payments_guard_stop_v1();
