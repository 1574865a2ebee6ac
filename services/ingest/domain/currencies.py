"""ISO 4217: the currencies in use, so that a typing slip is told at once and not found in a report."""

from services.ingest.domain.rejection import rejected

_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON
RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH
UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG HRK SLL ZWL
"""
CURRENCIES = frozenset(_CODES.split())
"""With a few that went out of use in the last years, for deals that were closed in them."""


def currency_of(text: str, path: str = "currency") -> str:
    """The code in capitals. Raises Rejected when ISO 4217 has no such currency."""
    code = text.strip().upper()
    if code not in CURRENCIES:
        raise rejected(path, "is not an ISO 4217 currency code such as EUR or USD")
    return code
