-- No card number is kept, whichever door it came through. SQLSTATE: PM040 a card number in a text.

-- As apps/platform/cards.py proves a number, for those in one piece, in fours, or as Amex and
-- Diners print them.
CREATE FUNCTION payments_holds_card_v1(written text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  found text[];
  number text;
BEGIN
  IF written !~ '\d([ .-]?\d){12}' THEN
    RETURN false;
  END IF;
  FOR found IN SELECT regexp_matches(written,
    '(?<![A-Za-z0-9+.-])(\d{13,19}|\d{4}([ .-])\d{4}\2\d{4}\2\d{1,7}|\d{4}([ -])\d{6}\3\d{4,5})'
    || '(?![A-Za-z0-9]|\.\d|-\d)', 'g')
  LOOP
    number := regexp_replace(found[1], '\D', '', 'g');
    CONTINUE WHEN number !~ ('^(4(\d{12}|\d{15}|\d{18})|5[1-5]\d{14}'
      || '|2(22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}'
      || '|3(0[0-5]|[68]\d)\d{11}|6(011|4[4-9]\d|5\d\d)\d{12}|35(2[89]|[3-8]\d)\d{12}'
      || '|62\d{14,17})$');
    IF (SELECT sum(CASE WHEN place % 2 = 0 THEN (2 * digit) / 10 + (2 * digit) % 10 ELSE digit END) % 10
        FROM (SELECT place, substr(reverse(number), place, 1)::int AS digit
              FROM generate_series(1, length(number)) AS place) AS digits) = 0 THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;

-- Only what people and clients write: news of money is never refused, its texts are covered.
CREATE FUNCTION payments_guard_cards_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  written jsonb := to_jsonb(NEW);
  name text;
BEGIN
  FOREACH name IN ARRAY TG_ARGV LOOP
    IF payments_holds_card_v1(written ->> name) THEN
      RAISE EXCEPTION 'a card number in %.%', TG_TABLE_NAME, name USING ERRCODE = 'PM040';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;
CREATE TRIGGER payments_payment_intent_cards
  BEFORE INSERT OR UPDATE OF reference, payment_method, description, metadata, allocation
  ON payments_payment_intent FOR EACH ROW EXECUTE FUNCTION
  payments_guard_cards_v1('reference', 'payment_method', 'description', 'metadata', 'allocation');
CREATE TRIGGER payments_refund_cards
  BEFORE INSERT OR UPDATE OF reason, note ON payments_refund
  FOR EACH ROW EXECUTE FUNCTION payments_guard_cards_v1('reason', 'note');
CREATE TRIGGER payments_manual_receipt_cards
  BEFORE INSERT OR UPDATE OF number, note, payer_name, account_reference ON payments_manual_receipt
  FOR EACH ROW EXECUTE FUNCTION
  payments_guard_cards_v1('number', 'note', 'payer_name', 'account_reference');
