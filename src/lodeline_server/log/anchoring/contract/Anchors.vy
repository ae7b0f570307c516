# pragma version ^0.4.3
"""
@title Anchors of transparency logs
@notice Records that a log had a root at a size. Sizes of a log only grow; nothing else is stored.
@dev Ownership moves in two steps, so that it cannot be given to an address nobody holds.
"""

event Anchored:
    log_id: indexed(bytes32)
    size: uint64
    root: bytes32

event OwnerProposed:
    proposed: indexed(address)

event OwnerChanged:
    owner: indexed(address)

owner: public(address)
proposed: public(address)
last_size: public(HashMap[bytes32, uint64])


@deploy
def __init__():
    self.owner = msg.sender


@external
def anchor(log_id: bytes32, size: uint64, root: bytes32):
    assert msg.sender == self.owner, "not owner"
    assert size > self.last_size[log_id], "not append"
    self.last_size[log_id] = size
    log Anchored(log_id=log_id, size=size, root=root)


@external
def propose_owner(proposed: address):
    assert msg.sender == self.owner, "not owner"
    self.proposed = proposed
    log OwnerProposed(proposed=proposed)


@external
def accept_owner():
    assert msg.sender == self.proposed, "not proposed"
    self.owner = msg.sender
    self.proposed = empty(address)
    log OwnerChanged(owner=msg.sender)
