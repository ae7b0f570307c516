"""Quantities: what a unit code means, exact conversion, no floating point.

Units are codes of UN/CEFACT Recommendation 20 (common codes), as EPCIS 2.0 asks for `uom`. The table holds
what quantities of materials, goods and batteries come in; a code outside it is unknown here. Mass is kept as
an integer number of milligrams. Factors: SI brochure 9th edition; the international pound is 0.45359237 kg
exactly, the yard 0.9144 m exactly.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Final

from attrs import frozen

NARROW: Final = "\u202f"
"""Narrow space without a line break, between figure and unit."""


class QuantityError(ValueError):
    """The quantity or the unit does not fit what is asked."""


@frozen
class Unit:
    """A unit: Rec 20 code, name, symbol, kind, and how many base units of the kind it is.

    Base units: mass milligram, volume litre, length metre, area square metre, energy watt hour, charge ampere
    hour, power watt, count one, time second. `factor` is None where a factor has no use here.
    """

    code: str
    name: str
    symbol: str
    kind: str
    factor: Fraction | None = None


_MAX_EXPONENT: Final = 400  # beyond any double; keeps exact arithmetic cheap
_POUND: Final = "453592.37"
_TABLE: Final = f"""
mass KGM kilogram|kg 1e6, GRM gram|g 1000, MGM milligram|mg 1, MC microgram|µg 0.001, TNE tonne|t 1e9
mass 2U megagram|Mg 1e9, KTN kilotonne|kt 1e12, DTN decitonne|dt 1e8, HGM hectogram|hg 1e5, DJ decagram|dag 1e4
mass DG decigram|dg 100, CGM centigram|cg 10, CTM metric_carat|ct 200, 58 net_kilogram|kg 1e6
mass E4 gross_kilogram|kg 1e6, MND kilogram_dry_weight|kg 1e6, GDW gram_dry_weight|g 1000
mass LBR pound|lb {_POUND}, ONZ ounce|oz 28349.523125, APZ troy_ounce|ozt 31103.4768, GRN grain|gr 64.79891
mass STN short_ton|tn 907184740, LTN long_ton|ltn 1016046908.8, CWA short_hundredweight|cwt 45359237
mass CWI long_hundredweight|cwt 50802345.44, STI stone|st 6350293.18
count C62 one| 1, H87 piece|pc 1, EA each| 1, NAR number_of_articles| 1, NMP number_of_packs| 1, PR pair| 2
count DZN dozen| 12, GRO gross| 144, CEN hundred| 100, MIL thousand| 1000, AY assembly| 1
count SET set| 1, KT kit| 1, 5B batch| 1, NIU number_of_international_units| 1, NCL number_of_cells| 1
count AS assortment| 1, NPT number_of_parts| 1
volume LTR litre|l 1, MLT millilitre|ml 0.001, CLT centilitre|cl 0.01, DLT decilitre|dl 0.1, HLT hectolitre|hl 100
volume K6 kilolitre|kl 1000, MAL megalitre|Ml 1e6, 4G microlitre|µl 1e-6, MTQ cubic_metre|m³ 1000
volume DMQ cubic_decimetre|dm³ 1, CMQ cubic_centimetre|cm³ 0.001, MMQ cubic_millimetre|mm³ 1e-6
volume GLL gallon_(US)|gal 3.785411784, GLI gallon_(UK)|gal 4.54609, BLL barrel_(US)|bbl 158.987294928
volume PTL liquid_pint_(US)|pt 0.473176473, PTI pint_(UK)|pt 0.56826125, QTL liquid_quart_(US)|qt 0.946352946
volume QTI quart_(UK)|qt 1.1365225, OZA fluid_ounce_(US)|fl_oz 0.0295735295625, OZI fluid_ounce_(UK)|fl_oz 0.0284130625
volume FTQ cubic_foot|ft³ 28.316846592, INQ cubic_inch|in³ 0.016387064, YDQ cubic_yard|yd³ 764.554857984
volume NM3 normalised_cubic_metre|m³ 1000, SM3 standard_cubic_metre|m³ 1000
length MTR metre|m 1, CMT centimetre|cm 0.01, MMT millimetre|mm 0.001, DMT decimetre|dm 0.1, KMT kilometre|km 1000
length 4H micrometre|µm 1e-6, C45 nanometre|nm 1e-9, INH inch|in 0.0254, FOT foot|ft 0.3048, YRD yard|yd 0.9144
length SMI statute_mile|mi 1609.344, NMI nautical_mile|nmi 1852
area MTK square_metre|m² 1, CMK square_centimetre|cm² 0.0001, MMK square_millimetre|mm² 1e-6
area DMK square_decimetre|dm² 0.01
area KMK square_kilometre|km² 1e6, HAR hectare|ha 1e4, ARE are|a 100, FTK square_foot|ft² 0.09290304
area INK square_inch|in² 0.00064516, YDK square_yard|yd² 0.83612736, ACR acre|ac 4046.8564224
energy WHR watt_hour|Wh 1, KWH kilowatt_hour|kWh 1000, MWH megawatt_hour|MWh 1e6, GWH gigawatt_hour|GWh 1e9
energy JOU joule|J, KJO kilojoule|kJ, 3B megajoule|MJ, GV gigajoule|GJ
charge AMH ampere_hour|Ah 1, E09 milliampere_hour|mAh 0.001, TAH kiloampere_hour|kAh 1000, COU coulomb|C
power WTT watt|W 1, KWT kilowatt|kW 1000, MAW megawatt|MW 1e6, D46 volt_ampere|VA 1, KVA kilovolt_ampere|kVA 1000
voltage VLT volt|V, 2Z millivolt|mV, KVT kilovolt|kV
current AMP ampere|A, 4K milliampere|mA
resistance OHM ohm|Ω, E45 milliohm|mΩ, B49 kiloohm|kΩ, SIE siemens|S
time SEC second|s 1, MIN minute|min 60, HUR hour|h 3600, DAY day|d 86400, WEE week|wk 604800, MON month|mo, ANN year|a
time C26 millisecond|ms 0.001, B98 microsecond|µs 1e-6
temperature CEL degree_Celsius|°C, FAH degree_Fahrenheit|°F, KEL kelvin|K
pressure PAL pascal|Pa, KPA kilopascal|kPa, A97 hectopascal|hPa, MPA megapascal|MPa, BAR bar|bar, MBR millibar|mbar
speed MTS metre_per_second|m/s, KMH kilometre_per_hour|km/h, 2M centimetre_per_second|cm/s
speed MSK metre_per_second_squared|m/s²
frequency HTZ hertz|Hz, KHZ kilohertz|kHz, MHZ megahertz|MHz
amount C34 mole|mol, C18 millimole|mmol, C35 mole_per_cubic_decimetre|mol/dm³, C36 mole_per_cubic_metre|mol/m³
density KMQ kilogram_per_cubic_metre|kg/m³, 23 gram_per_cubic_centimetre|g/cm³, GL gram_per_litre|g/l
density A93 gram_per_cubic_metre|g/m³, M1 milligram_per_litre|mg/l, GP milligram_per_cubic_metre|mg/m³
density GQ microgram_per_cubic_metre|µg/m³
ratio P1 percent|%, 59 part_per_million|ppm, 61 part_per_billion|ppb
angle DD degree|°, C81 radian|rad
light LUX lux|lx, CDL candela|cd, LUM lumen|lm
radiation BQL becquerel|Bq, D13 sievert|Sv, C28 millisievert|mSv, P71 millisievert_per_hour|mSv/h
force NEW newton|N, B47 kilonewton|kN, NU newton_metre|N·m
other 2N decibel|dB, Q30 pH|, D33 tesla|T, C29 millitesla|mT, AD byte|B, 2P kilobyte|kB, 4L megabyte|MB
"""


_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")


def _units() -> dict[str, Unit]:
    found = {}
    for line in _TABLE.strip().splitlines():
        kind, entries = line.split(" ", 1)
        for entry in entries.split(", "):
            code, words = entry.split(" ", 1)
            name, rest = words.split("|")
            symbol, _, factor = rest.partition(" ")
            found[code] = Unit(
                code,
                name.replace("_", " "),
                symbol.replace("_", " "),
                kind,
                Fraction(factor) if factor else None,
            )
    return found


UNITS: Final[dict[str, Unit]] = _units()
"""Every known unit by its code."""


def is_mass(uom: str | None) -> bool:
    """Whether the code is a unit of mass."""
    return uom is not None and uom in UNITS and UNITS[uom].kind == "mass"


def is_count(uom: str | None) -> bool:
    """Whether the code counts pieces. In EPCIS a quantity without unit is a number of pieces."""
    return uom is None or (uom in UNITS and UNITS[uom].kind == "count")


def to_base(value: Decimal, uom: str) -> Fraction:
    """The exact value in the base unit of the unit's kind. Raises `QuantityError` where there is no factor."""
    unit = UNITS.get(uom)
    if unit is None:
        raise QuantityError(f"{uom!r} is not a unit this product knows (UN/CEFACT Rec 20)")
    if unit.factor is None:
        raise QuantityError(f"{unit.name} ({uom}) has no exact conversion here")
    if not value.is_finite() or abs(value.adjusted()) > _MAX_EXPONENT:
        raise QuantityError("the quantity is not a usable number")
    return Fraction(value) * unit.factor


def to_milligrams(value: Decimal, uom: str) -> int:
    """A mass as whole milligrams; less than half a milligram is rounded half to even.

    Raises `QuantityError` for a unit that is unknown or no unit of mass.
    """
    if uom in UNITS and not is_mass(uom):
        raise QuantityError(f"{UNITS[uom].name} ({uom}) is not a unit of mass")
    return round(to_base(value, uom))


_NUMBERS = (str, int, float, Decimal)


def decimal(value: object) -> Decimal:
    """A JSON number or decimal string as an exact `Decimal`; a double by its shortest digits.

    Raises `QuantityError` for anything else: other scripts' digits, spaces, exponents of four digits.
    """
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise QuantityError("not a number")
    text = repr(value) if isinstance(value, float) else str(value)
    if not _DECIMAL.fullmatch(text):
        raise QuantityError(f"{text[:40]!r} is not a decimal number")
    return Decimal(text)


def format_mass(mg: int) -> str:
    """A mass for people: up to four figures, in t, kg, g or mg: `1.204 t`, `15.3 kg`, `−250 mg`.

    The figure and its unit are joined by a narrow space that does not break.
    """
    sign, size = ("−" if mg < 0 else ""), abs(mg)
    for symbol, unit in (("mg", 1), ("g", 10**3), ("kg", 10**6), ("t", 10**9)):
        figure = Decimal(size) / unit
        figure = figure.quantize(Decimal(1).scaleb(min(0, figure.adjusted() - 3)), ROUND_HALF_EVEN)
        if figure < 1000 or symbol == "t":
            text = f"{figure:,f}"
            break
    return f"{sign}{text.rstrip('0').rstrip('.') if '.' in text else text}{NARROW}{symbol}"
