"""Anchors on a chain: a real node, the contract compiled from its source, a re-organisation that takes one away."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.apps.log.anchoring.conftest import queue, work
from tests.apps.log.anchoring.node import KEY, OTHER_KEY, Node
from tests.apps.log.saying import put

from lodeline.log.anchors.states import State
from lodeline_server.log import notebook
from lodeline_server.log.anchoring import checking, deploying, evm, queries, targets
from lodeline_server.log.anchoring.actions import Worked, subject_of
from lodeline_server.log.anchoring.contract import EVM_VERSION, compiled
from lodeline_server.log.anchoring.kinds import AnchorError, opened
from lodeline_server.log.anchoring.models import Anchor
from lodeline_server.log.books import AUDIT, MAIN

pytestmark = pytest.mark.django_db(transaction=True)
pytest.importorskip("web3")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def node():
    with Node() as started:
        yield started


def key_file(folder, key=KEY, name="chain.key"):
    path = folder / name
    path.write_text(key + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def deployed(node, tmp_path):
    """Settings of an anchor on the node. Blocks come only when asked for from now on."""
    key = key_file(tmp_path)
    found = deploying.deploy(url=node.url, key=key)
    node.mine(8)
    node.automine(False)
    return {"url": node.url, "key": str(key), **found}


@pytest.fixture
def chained(node, deployed, named):
    named("evm", **deployed, books=["main"])
    return node


def anchor():
    return Anchor.objects.get()


def chain():
    return opened(targets.load()[0])


def recorded(origin=None):
    """What the contract has recorded for the main book: sizes."""
    return [event.size for event in evm.events(chain(), origin or MAIN.origin)]


# --- the contract -----------------------------------------------------------------------------------


def test_the_contract_on_the_chain_is_the_compiled_source(node, deployed):
    made = compiled()
    assert node.call("eth_getCode", deployed["contract"], "latest") == "0x" + made.runtime.hex()
    assert deployed["chain_id"] == 31337
    assert (EVM_VERSION, 0x5F in opcodes(made.runtime)) == ("paris", False)  # PUSH0 came after it


def opcodes(code):
    """The instructions of a program, without the data of its pushes (0x60 to 0x7f push 1 to 32 bytes)."""
    found, at = set(), 0
    while at < len(code):
        found.add(code[at])
        at += 1 + (code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0)
    return found


def contract(node, key):
    """Calls of the contract as another client makes them: through web3 and the compiler's own interface."""
    import vyper
    from eth_account import Account
    from web3 import HTTPProvider, Web3

    from lodeline_server.log.anchoring.contract import SOURCE

    interface = vyper.compile_code(SOURCE.read_text(), output_formats=["abi"])["abi"]
    client = Web3(HTTPProvider(node.url))
    signer = Account.from_key(key)

    def bound(address):
        found = client.eth.contract(address=address, abi=interface)

        def transact(name, *words):
            call = getattr(found.functions, name)(*words)
            built = call.build_transaction(
                {"from": signer.address, "nonce": client.eth.get_transaction_count(signer.address)}
            )
            number = client.eth.send_raw_transaction(signer.sign_transaction(built).raw_transaction)
            return client.eth.wait_for_transaction_receipt(number, timeout=10)["status"]

        return found.functions, transact, signer.address

    return bound


def test_sizes_only_grow_and_only_the_owner_anchors(node, tmp_path):
    from web3.exceptions import ContractLogicError

    at = deploying.deploy(url=node.url, key=key_file(tmp_path))["contract"]
    functions, ours, _ = contract(node, KEY)(at)
    _, theirs, _ = contract(node, OTHER_KEY)(at)
    log, root = b"\1" * 32, b"\2" * 32
    assert ours("anchor", log, 5, root) == 1
    assert functions.last_size(log).call() == 5
    for size in (5, 4, 0):
        with pytest.raises(ContractLogicError, match="not append"):
            ours("anchor", log, size, root)
    with pytest.raises(ContractLogicError, match="not owner"):
        theirs("anchor", log, 6, root)
    assert ours("anchor", b"\3" * 32, 1, root) == 1  # another log


def test_ownership_moves_in_two_steps(node, tmp_path):
    from web3.exceptions import ContractLogicError

    at = deploying.deploy(url=node.url, key=key_file(tmp_path))["contract"]
    functions, ours, owner = contract(node, KEY)(at)
    _, theirs, other = contract(node, OTHER_KEY)(at)
    with pytest.raises(ContractLogicError, match="not proposed"):
        theirs("accept_owner")
    with pytest.raises(ContractLogicError, match="not owner"):
        theirs("propose_owner", other)
    assert ours("propose_owner", other) == 1
    assert functions.owner().call() == owner
    assert theirs("accept_owner") == 1
    assert functions.owner().call() == other
    with pytest.raises(ContractLogicError, match="not owner"):
        ours("anchor", b"\1" * 32, 1, b"\2" * 32)
    with pytest.raises(ContractLogicError, match="not proposed"):
        theirs("accept_owner")


# --- the way of an anchor ---------------------------------------------------------------------------


def test_submitted_included_final(chained, now):
    put(1, 2)
    queue(now)
    assert work(now) == Worked(looked_at=1)
    row = anchor()
    assert (row.state, row.attested_at, row.error) == (State.SUBMITTED, None, "")
    chained.mine()
    assert work(now + MINUTE) == Worked(looked_at=1)
    row.refresh_from_db()
    stored = json.loads(bytes(row.receipt))
    block = chained.call("eth_getBlockByNumber", hex(stored["blockNumber"]), False)
    assert (row.state, row.detail["blockHash"]) == (State.INCLUDED, block["hash"])
    assert row.attested_at == datetime.fromtimestamp(int(block["timestamp"], 16), UTC)
    assert queries.before(MAIN, 0) == []  # included is not yet an anchor
    chained.mine(3)
    assert work(now + 2 * MINUTE) == Worked(looked_at=1, final=1)
    row.refresh_from_db()
    assert (row.state, row.next_at, row.losses) == (State.FINAL, None, 0)
    assert queries.before(MAIN, 1) == [row]
    assert recorded() == [2]
    assert [fault for _, fault in checking.check_all()] == [""]
    assert work(now + 3 * MINUTE) == Worked()


def test_what_the_contract_recorded_is_our_checkpoint(chained, now):
    put(1, 2, 3)
    queue(now)
    work(now)
    chained.mine()
    (event,) = evm.events(chain(), MAIN.origin)
    assert (event.size, event.root) == (3, bytes(notebook.newest().root))


def test_a_number_of_blocks_can_stand_for_finality(node, deployed, named, now):
    named("evm", **deployed, books=["main"], confirmations=6)
    put(1)
    queue(now)
    work(now)
    node.mine()
    for _ in range(5):
        node.mine()
        work(now, at_once=True)
        assert anchor().state == State.INCLUDED
    node.mine()
    work(now, at_once=True)
    assert anchor().state == State.FINAL


@pytest.mark.parametrize("gas_price", [None, 10**9 * 20])
def test_both_forms_of_fees(node, deployed, named, now, gas_price):
    named("evm", **deployed, books=["main"], **({} if gas_price is None else {"gas_price": gas_price}))
    put(1)
    queue(now)
    work(now)
    node.mine()
    sent = node.call("eth_getTransactionByHash", anchor().detail["tx"])
    assert sent["type"] == ("0x2" if gas_price is None else "0x0")
    assert sent["blockNumber"] is not None


def test_both_books_with_one_account(node, deployed, named, now):
    named("evm", **deployed)
    put(1)
    put(1, 2, book=AUDIT)
    queue(now)
    assert work(now) == Worked(looked_at=2)
    node.mine(4)
    assert work(now, at_once=True) == Worked(looked_at=2, final=2)
    assert (recorded(), recorded(AUDIT.origin)) == ([1], [2])


# --- re-organisations -------------------------------------------------------------------------------


def test_a_reorganisation_that_removes_an_anchor_loses_it_and_it_is_submitted_again(chained, now):
    put(1, 2)
    queue(now)
    work(now)
    chained.mine()
    work(now, at_once=True)
    row = anchor()
    assert (row.state, recorded()) == (State.INCLUDED, [2])
    first = (row.detail["tx"], row.detail["blockHash"])
    chained.call("anvil_reorg", 1, [])
    chained.call("anvil_dropAllTransactions")
    assert recorded() == []
    work(now, at_once=True)
    row.refresh_from_db()
    assert (row.losses, row.state, row.attested_at) == (1, State.SUBMITTED, None)
    chained.mine(4)
    assert work(now, at_once=True) == Worked(looked_at=1, final=1)
    row.refresh_from_db()
    assert (row.state, row.losses, recorded()) == (State.FINAL, 1, [2])
    assert row.detail["blockHash"] != first[1]
    assert [fault for _, fault in checking.check_all()] == [""]


def test_an_anchor_that_moves_to_another_block_is_followed_there(chained, now):
    put(1)
    queue(now)
    work(now)
    chained.mine()
    work(now, at_once=True)
    before = anchor().detail
    raw = bytes(anchor().request)
    chained.call("anvil_reorg", 1, [["0x" + raw.hex(), 0]])
    work(now, at_once=True)
    row = anchor()
    assert (row.state, row.losses, row.detail["tx"]) == (State.INCLUDED, 0, before["tx"])
    assert row.detail["blockHash"] != before["blockHash"]


def test_when_its_number_is_taken_it_is_signed_anew(chained, now):
    """After a re-organisation another transaction of the account got the number: ours can never be mined."""
    put(1)
    queue(now)
    work(now)
    chained.mine()
    work(now, at_once=True)
    first = anchor().detail["tx"]
    chained.call("anvil_reorg", 1, [])
    chained.call("anvil_dropAllTransactions")
    owner = evm.account(targets.load()[0].path("key")).address
    chained.call("eth_sendTransaction", {"from": owner, "to": owner, "value": "0x1"})
    chained.mine()
    for _ in range(3):
        work(now, at_once=True)
    chained.mine(4)
    work(now, at_once=True)
    row = anchor()
    assert (row.state, recorded()) == (State.FINAL, [1])
    assert row.detail["tx"] != first


def test_a_chain_that_forgot_a_final_anchor_is_found_by_verify(chained, now):
    put(1)
    queue(now)
    work(now)
    chained.mine(4)
    work(now, at_once=True)
    assert anchor().state == State.FINAL
    chained.call("anvil_reorg", 4, [])
    chained.call("anvil_dropAllTransactions")
    ((_, fault),) = checking.check_all()
    assert fault.startswith("the chain does not hold transaction 0x")


# --- once -------------------------------------------------------------------------------------------


def test_sending_twice_anchors_once(chained, now):
    """A crash between sending and storing: the row says submitted, the node may or may not have it."""
    put(1)
    queue(now)
    kind, row = chain(), anchor()
    row.request, row.detail = kind.begin(subject_of(row))
    row.state = State.SUBMITTED
    row.save()
    kind.send(subject_of(row), row.request, row.detail, now)  # and here it crashed
    assert work(now) == Worked(looked_at=1)
    kind.send(subject_of(row), row.request, row.detail, now)
    chained.mine(4)
    assert work(now, at_once=True) == Worked(looked_at=1, final=1)
    assert kind.send(subject_of(row), row.request, row.detail, now).state == State.FINAL
    assert recorded() == [1]


def test_a_database_that_forgot_finds_its_anchor_on_the_chain(chained, now):
    """A restored backup knows nothing of an anchor that is on the chain: it is found, not made again."""
    put(1)
    queue(now)
    work(now)
    chained.mine(4)
    work(now, at_once=True)
    known = anchor().detail["tx"]
    Anchor.objects.all().delete()
    queue(now)
    assert work(now) == Worked(looked_at=1, final=1)
    assert (anchor().detail["tx"], recorded()) == (known, [1])


def test_an_older_checkpoint_is_not_tried_when_a_later_one_is_there(chained, now):
    put(1)
    queue(now)
    older = anchor()
    Anchor.objects.update(next_at=now + timedelta(days=1))
    put(2)
    queue(now, at_once=True)
    work(now)
    chained.mine(4)
    work(now + MINUTE)
    assert recorded() == [2]
    work(now, at_once=True)
    older.refresh_from_db()
    assert (older.state, older.next_at) == (State.WAITING, None)
    assert older.error == "the chain holds this log at size 2, which covers 1"
    assert queries.failing().count() == 0
    assert [one.size for one in queries.before(MAIN, 0)] == [2]


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"chain_id": 1}, "the node is on chain 31337, not 1"),
        ({"code_hash": "0x" + "00" * 32}, "is not the one that was deployed"),
        ({"contract": "0x" + "11" * 20}, "is not the one that was deployed"),
        ({"url": "http://127.0.0.1:9"}, "the node cannot be reached"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_the_wrong_place_is_refused_before_anything_is_sent(node, deployed, named, now, wrong, said):
    named("evm", **deployed | wrong, books=["main"])
    put(1)
    queue(now)
    assert work(now) == Worked(looked_at=1, failing=1)
    row = anchor()
    assert (row.state, bytes(row.request)) == (State.WAITING, b"")
    assert said in row.error
    assert node.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_who_does_not_own_the_contract_is_refused_without_a_transaction(node, deployed, named, now, tmp_path):
    named("evm", **deployed | {"key": str(key_file(tmp_path, OTHER_KEY, "other.key"))}, books=["main"])
    put(1)
    queue(now)
    assert work(now) == Worked(looked_at=1, failing=1)
    assert "not owner" in anchor().error
    assert node.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_keys_that_are_none(tmp_path):
    open_to_all = key_file(tmp_path)
    open_to_all.chmod(0o644)
    with pytest.raises(AnchorError, match="others can read the key: chmod 600"):
        evm.account(open_to_all)
    for text, said in (
        ("", "holds no key"),
        ("0x12", "holds no key"),
        ("0" * 64, "no key of this curve"),
        ("g" * 64, "holds no key"),
    ):
        with pytest.raises(AnchorError, match=said):
            evm.account(key_file(tmp_path, text))
    with pytest.raises(AnchorError, match="cannot be read"):
        evm.account(tmp_path / "none.key")


def test_a_second_node_must_agree(node, deployed, named, now):
    """The second one knows another chain of the same number: nothing becomes final."""
    with Node() as other:
        code = node.call("eth_getCode", deployed["contract"], "latest")
        other.call("anvil_setCode", deployed["contract"], code)
        named("evm", **deployed, second_url=other.url, books=["main"])
        put(1)
        queue(now)
        work(now)
        node.mine(8)
        work(now, at_once=True)
        assert anchor().state == State.INCLUDED
    text = targets.file().read_text().replace(other.url, node.url)
    targets.file().write_text(text)
    work(now, at_once=True)
    assert anchor().state == State.FINAL


def test_the_recipe_of_the_documentation(tmp_path, named, now):
    """A node that makes a block each second, as in the how-to."""
    import time

    with Node("--block-time", "1") as node:
        key = key_file(tmp_path)
        named("evm", url=node.url, key=str(key), **deploying.deploy(url=node.url, key=key), books=["main"])
        put(1)
        queue(now)
        end = time.monotonic() + 30
        while anchor().state != State.FINAL:
            assert time.monotonic() < end
            work(now, at_once=True)
            time.sleep(0.3)
        assert recorded() == [1]
