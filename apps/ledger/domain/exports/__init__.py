"""The whole book in the languages of other people's programs. Pure: from rows to text."""

from apps.ledger.domain.exports.beancount import Beancount
from apps.ledger.domain.exports.book import Book, BookAccount, BookEntry, BookLeg, HeldBalance
from apps.ledger.domain.exports.camt053 import camt053_document
from apps.ledger.domain.exports.hledger import Hledger

__all__ = [
    "Beancount",
    "Book",
    "BookAccount",
    "BookEntry",
    "BookLeg",
    "HeldBalance",
    "Hledger",
    "camt053_document",
]
