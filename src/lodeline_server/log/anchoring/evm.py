"""Anchors on an EVM chain, by JSON-RPC. Transactions are signed here, with a key from a file.

What is sent is stored first, as the signed transaction: sending it again changes nothing. The contract refuses a
size that is not larger than the last, so even two transactions for one checkpoint anchor it once.
Needs the extra `chain` (web3).
"""

from __future__ import annotations

import json
import re
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lodeline.log.anchors import evm
from lodeline.log.anchors.states import State
from lodeline_server.log.anchoring.kinds import AnchorError, Outcome, Superseded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lodeline_server.log.anchoring.kinds import Subject
    from lodeline_server.log.anchoring.targets import Target

WAIT = 10.0  # seconds for one call
MISSING = "the package web3 is not installed; install lodeline[server,chain]"
# How nodes say that they have this transaction, or that its number is used up (no two say it alike).
KNOWN = re.compile(r"already known|already imported|known transaction|already exists", re.IGNORECASE)
USED = re.compile(r"nonce too low|nonce.*(too low|below|used)|replacement transaction", re.IGNORECASE)
_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def connect(url: str, *, poa: bool = False) -> Any:
    """A web3 object for a node: bounded in time, without redirects and without trying again by itself."""
    try:
        from web3 import HTTPProvider, Web3
        from web3.middleware import ExtraDataToPOAMiddleware
    except ImportError:
        raise AnchorError(MISSING) from None
    provider = HTTPProvider(
        url, request_kwargs={"timeout": WAIT, "allow_redirects": False}, exception_retry_configuration=None
    )
    node = Web3(provider)
    if poa:
        node.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return node


def account(path: Path) -> Any:
    """The signing account from a file with 64 hexadecimal digits, readable by its owner alone."""
    from eth_account import Account

    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise AnchorError(f"others can read the key: chmod 600 {path}")
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AnchorError(f"the key cannot be read: {error}") from None
    if not _KEY.fullmatch(text):
        raise AnchorError(f"{path} holds no key of 64 hexadecimal digits")
    try:
        return Account.from_key(text)
    except ValueError:
        raise AnchorError(f"{path} holds no key of this curve") from None


def fees(node: Any, gas_price: int | None) -> dict[str, int]:
    """A fixed price (0 on many permissioned chains), or EIP-1559 with room for the base fee to double."""
    if gas_price is not None:
        return {"gasPrice": gas_price}
    tip = node.eth.max_priority_fee
    return {
        "maxPriorityFeePerGas": tip,
        "maxFeePerGas": 2 * node.eth.get_block("latest")["baseFeePerGas"] + tip,
    }


def said(call: Callable[[], Any]) -> Any:
    """What a call to a node returns; every way it can go wrong is an `AnchorError`."""
    from web3.exceptions import Web3Exception

    try:
        return call()
    except AnchorError:
        raise
    except OSError as error:
        raise AnchorError(f"the node cannot be reached: {type(error).__name__}") from None
    except (Web3Exception, ValueError, TypeError, KeyError) as error:
        raise AnchorError(f"the node refused: {error}") from None


class Chain:
    """One contract on one chain. Chain id and code are checked before the first use."""

    def __init__(self, target: Target) -> None:
        words = target.settings
        self.settings = words
        self.node = connect(words["url"], poa=words.get("poa", False))
        self.second = (
            connect(words["second_url"], poa=words.get("poa", False)) if "second_url" in words else None
        )
        self.contract = self.node.to_checksum_address(words["contract"])
        self._key = target.path("key")
        for node in filter(None, (self.node, self.second)):
            said(lambda node=node: self._require_right_chain(node))

    def _require_right_chain(self, node: Any) -> None:
        found, wanted = node.eth.chain_id, self.settings["chain_id"]
        if found != wanted:
            raise AnchorError(f"the node is on chain {found}, not {wanted}")
        code = node.eth.get_code(self.contract)
        if not code or node.to_hex(node.keccak(code)) != self.settings["code_hash"]:
            raise AnchorError(f"the code at {self.contract} is not the one that was deployed")

    # --- the interface of kinds -----------------------------------------------------------------------

    def begin(self, subject: Subject) -> tuple[bytes, dict[str, Any]]:
        """The signed transaction; none when the chain has this anchor already."""
        identity = evm.log_id(subject.origin)
        last = said(lambda: self._last_size(identity))
        if last >= subject.size:
            found = said(lambda: self._find(subject))
            if found is None:
                raise Superseded(f"the chain holds this log at size {last}, which covers {subject.size}")
            return b"", {"tx": found}
        signed = said(lambda: self._sign(evm.anchor_call(identity, subject.size, subject.root)))
        return bytes(signed.raw_transaction), {"tx": self.node.to_hex(signed.hash)}

    def send(self, subject: Subject, request: bytes, detail: dict[str, Any], now: datetime) -> Outcome:  # noqa: ARG002
        if request:
            from web3.exceptions import Web3RPCError

            try:
                said(lambda: self.node.eth.send_raw_transaction(request))
            except AnchorError as error:
                cause = str(error.__cause__ or error.__context__ or error)
                rpc = isinstance(error.__context__, Web3RPCError)
                if rpc and USED.search(cause):
                    mined = self.look(subject, b"", detail)
                    lost = Outcome(state=State.LOST, request=b"", said="another transaction took its number")
                    return mined or lost
                if not (rpc and KNOWN.search(cause)):
                    raise
        return self.look(subject, b"", detail) or Outcome(state=State.SUBMITTED)

    def look(self, subject: Subject, receipt: bytes, detail: dict[str, Any]) -> Outcome | None:  # noqa: ARG002
        return said(lambda: self._look(self.node, subject, detail["tx"]))

    def verify(self, subject: Subject, receipt: bytes, detail: dict[str, Any]) -> datetime | None:
        """Asks the node (and the second one): a chain has no offline proof here."""
        stored = json.loads(receipt or b"{}")
        for node in filter(None, (self.node, self.second)):
            found = said(lambda node=node: self._look(node, subject, detail["tx"]))
            if found is None or found.state is not State.FINAL:
                raise AnchorError(f"the chain does not hold transaction {detail['tx']} as final")
            if json.loads(found.receipt or b"{}") != stored:
                raise AnchorError("the chain holds this anchor in another block than was stored")
        return found.attested_at

    # --- reading and signing ------------------------------------------------------------------------

    def _last_size(self, identity: bytes) -> int:
        answer = self.node.eth.call(
            {"to": self.contract, "data": self.node.to_hex(evm.last_size_call(identity))}
        )
        return int.from_bytes(answer, "big")

    def _find(self, subject: Subject) -> str | None:
        """The transaction that anchored exactly this, from the contract's events."""
        records = self.node.eth.get_logs(
            {
                "address": self.contract,
                "fromBlock": self.settings.get("first_block", 0),
                "toBlock": "latest",
                "topics": [self.node.to_hex(evm.ANCHORED), self.node.to_hex(evm.log_id(subject.origin))],
            }
        )
        for record in records:
            if self._is_ours(record, subject):
                return str(self.node.to_hex(record["transactionHash"]))
        return None

    def _is_ours(self, record: Any, subject: Subject) -> bool:
        event = evm.read_event([bytes(one) for one in record["topics"]], bytes(record["data"]))
        wanted = evm.Anchored(log_id=evm.log_id(subject.origin), size=subject.size, root=subject.root)
        return event == wanted and record["address"] == self.contract

    def _sign(self, data: bytes) -> Any:
        signer = account(self._key)
        call = {"from": signer.address, "to": self.contract, "data": self.node.to_hex(data), "value": 0}
        gas = self.node.eth.estimate_gas(call)  # refuses what the contract would refuse
        return signer.sign_transaction(
            {
                **call,
                **fees(self.node, self.settings.get("gas_price")),
                "gas": gas + gas // 4,
                "nonce": self.node.eth.get_transaction_count(signer.address, "pending"),
                "chainId": self.settings["chain_id"],
            }
        )

    def _look(self, node: Any, subject: Subject, number: str) -> Outcome | None:
        from web3.exceptions import TransactionNotFound

        try:
            mined = node.eth.get_transaction_receipt(number)
        except TransactionNotFound:
            try:
                node.eth.get_transaction(number)
            except TransactionNotFound:
                return None
            return Outcome(state=State.SUBMITTED)
        block = node.eth.get_block(mined["blockNumber"])
        if block["hash"] != mined["blockHash"]:
            return None  # the chain is turning just now
        if mined["status"] != 1:
            return Outcome(state=State.LOST, request=b"", said="the contract refused the transaction")
        if not any(self._is_ours(record, subject) for record in mined["logs"]):
            raise AnchorError(f"transaction {number} anchors something else")
        stored = {
            "chainId": self.settings["chain_id"],
            "contract": self.contract,
            "transaction": number,
            "blockNumber": mined["blockNumber"],
            "blockHash": node.to_hex(mined["blockHash"]),
            "blockTime": block["timestamp"],
            "logId": evm.log_id(subject.origin).hex(),
            "size": subject.size,
            "root": subject.root.hex(),
        }
        final = self._is_final(node, mined["blockNumber"]) and self._second_agrees(node, number, mined)
        return Outcome(
            state=State.FINAL if final else State.INCLUDED,
            receipt=json.dumps(stored, sort_keys=True).encode(),
            detail={"tx": number, "block": stored["blockNumber"], "blockHash": stored["blockHash"]},
            attested_at=datetime.fromtimestamp(block["timestamp"], UTC),
        )

    def _is_final(self, node: Any, block: int) -> bool:
        """Below N further blocks where `confirmations` is set, else at or below the node's finalized block."""
        wanted = self.settings.get("confirmations")
        if wanted is not None:
            return int(node.eth.block_number) - block >= wanted
        return int(node.eth.get_block("finalized")["number"]) >= block

    def _second_agrees(self, node: Any, number: str, mined: Any) -> bool:
        """Read back from a second node, if there is one: the same transaction in the same final block."""
        if self.second is None or node is self.second:
            return True
        from web3.exceptions import TransactionNotFound

        try:
            other = self.second.eth.get_transaction_receipt(number)
        except TransactionNotFound:
            return False
        return other["blockHash"] == mined["blockHash"] and self._is_final(self.second, mined["blockNumber"])


def events(chain: Chain, origin: str) -> Iterator[evm.Anchored]:
    """All that the contract recorded for a log, in the order of the chain."""
    wanted = [chain.node.to_hex(evm.ANCHORED), chain.node.to_hex(evm.log_id(origin))]
    found = chain.node.eth.get_logs(
        {
            "address": chain.contract,
            "fromBlock": chain.settings.get("first_block", 0),
            "toBlock": "latest",
            "topics": wanted,
        }
    )
    for record in found:
        event = evm.read_event([bytes(one) for one in record["topics"]], bytes(record["data"]))
        if event is not None:
            yield event
