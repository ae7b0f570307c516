"""Words of EPCIS 2.0 and CBV 2.0: which fields an event has and which bare words a field may hold.

Sources: GS1 EPCIS 2.0 (sections 7.3, 7.4, 10), GS1 Core Business Vocabulary 2.0 (sections 7, 8).
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


EVENT_TYPES: Final = (
    "ObjectEvent",
    "AggregationEvent",
    "AssociationEvent",
    "TransactionEvent",
    "TransformationEvent",
)
DOCUMENT_TYPES: Final = ("EPCISDocument", "EPCISQueryDocument")
ACTIONS: Final = ("ADD", "DELETE", "OBSERVE")

BIZ_STEPS: Final = _words("""
    accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
    installing killing loading other packing picking receiving removing repackaging repairing replacing
    reserving retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing
    transporting unloading unpacking void_shipping
    """)
DISPOSITIONS: Final = _words("""
    active available completeness_inferred completeness_verified conformant container_closed container_open
    damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class
    mismatch_instance mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other
    partially_dispensed recalled reserved retail_sold returned sellable_accessible sellable_not_accessible
    stolen unavailable unknown
    """)
TRANSACTION_TYPES: Final = _words(
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"
)
PARTY_TYPES: Final = ("location", "owning_party", "possessing_party")
ERROR_REASONS: Final = ("did_not_occur", "incorrect_data")
ALERTS: Final = ("ALARM_CONDITION", "ERROR_CONDITION")
COMPONENTS: Final = _words("""
    altitude axial_distance azimuth easting elevation_angle height latitude longitude northing polar_angle
    spherical_radius x y z
    """)
MEASUREMENTS: Final = _words("""
    AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
    Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
    ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
    Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
    LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration
    MassFlowRate MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure
    RadiantFlux RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume
    Speed SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction
    VolumetricFlux Wavenumber
    """)

COMMON_FIELDS: Final = (
    "@context", "type", "eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "certificationInfo",
    "errorDeclaration",
)  # fmt: skip
CIRCUMSTANCES: Final = (
    "bizStep", "disposition", "readPoint", "bizLocation", "bizTransactionList", "sourceList", "destinationList",
    "sensorElementList",
)  # fmt: skip
OWN_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "ObjectEvent": ("action", "epcList", "quantityList", "persistentDisposition", "ilmd"),
    "AggregationEvent": ("action", "parentID", "childEPCs", "childQuantityList"),
    "AssociationEvent": ("action", "parentID", "childEPCs", "childQuantityList"),
    "TransactionEvent": ("action", "parentID", "epcList", "quantityList"),
    "TransformationEvent": (
        "transformationID", "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList",
        "persistentDisposition", "ilmd",
    ),
}  # fmt: skip
EPC_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
QUANTITY_LISTS: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")

CBV: Final = "https://ref.gs1.org/cbv/"


def bare(word: str) -> str:
    """The bare word of a CBV value: `https://ref.gs1.org/cbv/BizStep-shipping` is `shipping`."""
    return word[len(CBV) :].partition("-")[2] or word if word.startswith(CBV) else word
