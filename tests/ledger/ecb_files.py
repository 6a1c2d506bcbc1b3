"""Files in the form in which the European Central Bank publishes its reference rates."""

RATES = {
    "USD": "1.1527", "JPY": "180.34", "CZK": "24.175", "DKK": "7.4689", "GBP": "0.88030",
    "HUF": "382.53", "PLN": "4.2408", "RON": "5.0847", "SEK": "11.0105", "CHF": "0.9296",
    "ISK": "146.80", "NOK": "11.7610", "TRY": "48.9020", "AUD": "1.7848", "BRL": "6.1466",
    "CAD": "1.6253", "CNY": "8.1917", "HKD": "8.9718", "IDR": "19283.42", "ILS": "3.7660",
    "INR": "103.0560", "KRW": "1694.60", "MXN": "21.2447", "MYR": "4.7820", "NZD": "2.0573",
    "PHP": "67.8080", "SGD": "1.5067", "THB": "37.4050", "ZAR": "20.0210",
}  # fmt: skip

_HEAD = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" \
xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
"""


def xml(day: str = "2026-11-20", rates: dict[str, str] | None = None) -> bytes:
    """``eurofxref-daily.xml`` of a day."""
    lines = "".join(
        f"\t\t\t<Cube currency='{code}' rate='{rate}'/>\n"
        for code, rate in (rates or RATES).items()
    )
    cube = f"\t\t<Cube time='{day}'>\n{lines}\t\t</Cube>\n\t</Cube>\n</gesmes:Envelope>"
    return _HEAD + cube.encode()


XML = xml()
#: ``eurofxref.csv``, with the comma that ends each of its lines.
CSV = f"Date, {', '.join(RATES)}, \n20 November 2026, {', '.join(RATES.values())}, \n".encode()
#: ``eurofxref-hist.csv``: newest first, ISO dates, currencies that are gone, N/A.
HISTORY_CSV = (
    b"Date,USD,JPY,CYP,ISK,\n"
    b"2026-07-16,1.1601,171.22,N/A,N/A,\n"
    b"2026-07-15,1.1622,172.40,0.58,N/A,\n"
)
