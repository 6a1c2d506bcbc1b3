"""Laws of settlements, asked of the tables themselves."""

from __future__ import annotations

from django.db import connection

from apps.platform.violations import Violation

#: Each yields the subject and the detail of every row that breaks its law.
_LAWS = {
    "settlements.line_allocated_within_amount": """
        SELECT line.provider_reference, sum(leg.allocated_minor) || ' of ' || line.amount_minor
          FROM settlements_match_leg leg JOIN settlements_statement_line line ON line.id = line_id
         GROUP BY line.id HAVING sum(leg.allocated_minor) > line.amount_minor""",
    "settlements.match_sides_equal": """
        SELECT group_id::text, 'lines ' || coalesce(sum(allocated_minor) FILTER
               (WHERE line_id IS NOT NULL), 0) || ', items ' ||
               coalesce(sum(allocated_minor) FILTER (WHERE item_id IS NOT NULL), 0)
          FROM settlements_match_leg GROUP BY group_id
        HAVING coalesce(sum(allocated_minor) FILTER (WHERE line_id IS NOT NULL), 0)
            <> coalesce(sum(allocated_minor) FILTER (WHERE item_id IS NOT NULL), 0)""",
    "settlements.batch_total_is_sum_of_lines": """
        SELECT batch.reference, 'total ' || total_minor || ', lines ' ||
               coalesce(sum(amount_minor), 0)
          FROM settlements_batch batch
          LEFT JOIN settlements_disbursement line ON line.batch_id = batch.id
         GROUP BY batch.id HAVING total_minor <> coalesce(sum(amount_minor), 0)
             OR line_count <> count(line.id)""",
    "settlements.four_eyes": """
        SELECT batch.reference, 'released without the approvals it needs'
          FROM settlements_batch batch
         WHERE state IN ('approved', 'released', 'settled', 'closed_with_exceptions')
           AND approvals_needed > (
               SELECT count(DISTINCT person) FROM settlements_approval approval
                WHERE approval.batch_id = batch.id AND approval.round = batch.round
                  AND decision = 'approve' AND approval.digest = batch.digest
                  AND person <> batch.maker_person
                  AND person <> ALL (batch.editors))""",
    "settlements.line_explained": """
        SELECT line.provider_reference, 'neither match nor break'
          FROM settlements_statement_line line
         WHERE kind <> 'fee'
           AND NOT EXISTS (SELECT 1 FROM settlements_match_leg WHERE line_id = line.id)
           AND NOT EXISTS (SELECT 1 FROM settlements_break WHERE line_id = line.id)""",
}


def settlements_violations() -> list[Violation]:
    """Every breach of a law of settlements in the present tenant; empty when all is well."""
    found = []
    with connection.cursor() as cursor:
        for check, sql in _LAWS.items():
            cursor.execute(sql)
            found += [
                Violation(check=check, subject=subject, detail=detail)
                for subject, detail in cursor.fetchall()
            ]
    return found
