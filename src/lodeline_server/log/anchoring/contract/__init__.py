"""The contract, compiled from its source whenever it is needed."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

EVM_VERSION = "paris"  # pinned: the newest that permissioned chains of some age still run
SOURCE = Path(__file__).with_name("Anchors.vy")


@frozen(kw_only=True)
class Compiled:
    """`deploy` creates the contract, `runtime` is what then stands on the chain; both are code."""

    deploy: bytes
    runtime: bytes
    compiler: str


def compiled() -> Compiled:
    """Takes about a second. Needs the extra `chain`."""
    import vyper
    from vyper.compiler.settings import OptimizationLevel, Settings

    made = vyper.compile_code(
        SOURCE.read_text(encoding="utf-8"),
        output_formats=["bytecode", "bytecode_runtime"],
        settings=Settings(evm_version=EVM_VERSION, optimize=OptimizationLevel.GAS),
    )
    return Compiled(
        deploy=bytes.fromhex(made["bytecode"].removeprefix("0x")),
        runtime=bytes.fromhex(made["bytecode_runtime"].removeprefix("0x")),
        compiler=vyper.__version__,
    )
