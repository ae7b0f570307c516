"""Putting the contract on a chain: compiled from its source, signed here, and compared with what then stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.log.anchoring import evm
from lodeline_server.log.anchoring.kinds import AnchorError

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 120  # seconds for the transaction to be mined


def deploy(*, url: str, key: Path, gas_price: int | None = None, poa: bool = False) -> dict[str, Any]:
    """Deploy; the settings of an `evm` anchor for it. Raises `AnchorError`."""
    node = evm.connect(url, poa=poa)
    try:
        from lodeline_server.log.anchoring.contract import compiled

        made = compiled()
    except ImportError:
        raise AnchorError("the package vyper is not installed; install lodeline[server,chain]") from None
    return evm.said(lambda: _deploy(node, evm.account(key), made, gas_price))


def _deploy(node: Any, signer: Any, made: Any, gas_price: int | None) -> dict[str, Any]:
    chain = node.eth.chain_id
    call = {"from": signer.address, "data": node.to_hex(made.deploy), "value": 0}
    gas = node.eth.estimate_gas(call)
    signed = signer.sign_transaction(
        {
            **call,
            **evm.fees(node, gas_price),
            "gas": gas + gas // 4,
            "nonce": node.eth.get_transaction_count(signer.address, "pending"),
            "chainId": chain,
        }
    )
    number = node.eth.send_raw_transaction(signed.raw_transaction)
    mined = node.eth.wait_for_transaction_receipt(number, timeout=PATIENCE)
    address = mined["contractAddress"]
    code = node.eth.get_code(address)
    if mined["status"] != 1 or bytes(code) != made.runtime:
        raise AnchorError(f"transaction {node.to_hex(number)} did not put the compiled contract on the chain")
    return {
        "chain_id": chain,
        "contract": address,
        "code_hash": node.to_hex(node.keccak(code)),
        "first_block": mined["blockNumber"],
    }
