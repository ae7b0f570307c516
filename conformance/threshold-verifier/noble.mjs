// The product's verifier (written apart from the Python one) on a curve that is not ours: @noble/curves.

import {secp256k1} from '@noble/curves/secp256k1.js';
import {sha256} from '@noble/hashes/sha2.js';

export const curve = {Point: secp256k1.Point, sha256};
