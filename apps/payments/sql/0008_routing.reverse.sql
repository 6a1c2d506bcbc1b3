DROP TRIGGER payments_attempt_route_guard ON payments_attempt;
DROP FUNCTION payments_guard_route_v1();
DROP TRIGGER payments_routing_version_guard ON payments_routing_version;
DROP FUNCTION payments_guard_routing_v1();
