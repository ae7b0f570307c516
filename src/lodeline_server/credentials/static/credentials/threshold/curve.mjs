// secp256k1 and SHA-256 for the verifier in a page: public numbers only, nothing here is meant for secrets.
// Curve: SEC 2 version 2, section 2.4.1; y^2 = x^3 + 7 over the integers modulo P. Digest: FIPS 180-4.

const P = 2n ** 256n - 2n ** 32n - 977n;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const X = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n;
const Y = 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n;
const WINDOW = 4n;

const mod = n => {
  const left = n % P;
  return left < 0n ? left + P : left;
};

function power(base, exponent) {
  let out = 1n;
  for (let rest = exponent, square = mod(base); rest > 0n; rest >>= 1n, square = mod(square * square))
    if (rest & 1n) out = mod(out * square);
  return out;
}

// Jacobian coordinates: x = X / Z^2, y = Y / Z^3; Z = 0 is the point at infinity.
export class Point {
  static Fn = {ORDER};

  constructor(x, y, z) {
    this.x = x;
    this.y = y;
    this.z = z;
  }

  static fromBytes(bytes) {
    if (bytes.length !== 33 || (bytes[0] !== 2 && bytes[0] !== 3)) throw new Error('not a compressed point');
    const x = bytes.subarray(1).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    if (x >= P) throw new Error('not a point of the curve');
    const square = mod(x * x * x + 7n);
    const root = power(square, (P + 1n) / 4n);
    if (mod(root * root) !== square) throw new Error('not a point of the curve');
    return new Point(x, (root & 1n) === BigInt(bytes[0] & 1) ? root : P - root, 1n);
  }

  toBytes() {
    if (this.is0()) throw new Error('the point at infinity has no bytes');
    const inverse = power(this.z, P - 2n);
    const square = mod(inverse * inverse);
    const x = mod(this.x * square);
    const y = mod(this.y * square * inverse);
    const out = new Uint8Array(33);
    out[0] = y & 1n ? 3 : 2;
    for (let at = 32, rest = x; at > 0; at--, rest >>= 8n) out[at] = Number(rest & 255n);
    return out;
  }

  is0() {
    return this.z === 0n;
  }

  equals(other) {
    if (this.is0() || other.is0()) return this.is0() && other.is0();
    const mine = mod(this.z * this.z), theirs = mod(other.z * other.z);
    return mod(this.x * theirs) === mod(other.x * mine) &&
      mod(this.y * theirs * other.z) === mod(other.y * mine * this.z);
  }

  double() {
    if (this.is0()) return this;
    const yy = mod(this.y * this.y), s = mod(4n * this.x * yy), m = mod(3n * this.x * this.x);
    const x = mod(m * m - 2n * s);
    return new Point(x, mod(m * (s - x) - 8n * yy * yy), mod(2n * this.y * this.z));
  }

  add(other) {
    if (this.is0()) return other;
    if (other.is0()) return this;
    const mine = mod(this.z * this.z), theirs = mod(other.z * other.z);
    const u = mod(this.x * theirs), s = mod(this.y * theirs * other.z);
    const h = mod(other.x * mine - u), r = mod(other.y * mine * this.z - s);
    if (h === 0n) return r === 0n ? this.double() : Point.ZERO;
    const hh = mod(h * h), hhh = mod(h * hh), v = mod(u * hh);
    const x = mod(r * r - hhh - 2n * v);
    return new Point(x, mod(r * (v - x) - s * hhh), mod(this.z * other.z * h));
  }

  subtract(other) {
    return this.add(new Point(other.x, mod(-other.y), other.z));
  }

  multiplyUnsafe(number) {
    const table = [Point.ZERO, this];
    for (let n = 2; n < 1 << Number(WINDOW); n++) table.push(table[n - 1].add(this));
    let out = Point.ZERO;
    for (let at = 256n - WINDOW; at >= 0n; at -= WINDOW) {
      if (!out.is0()) for (let n = 0n; n < WINDOW; n++) out = out.double();
      out = out.add(table[Number((number >> at) & ((1n << WINDOW) - 1n))]);
    }
    return out;
  }
}
Point.BASE = new Point(X, Y, 1n);
Point.ZERO = new Point(0n, 1n, 0n);

// The constants of SHA-256: the first 32 bits of the fractions of roots of the first primes.
const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n++) if (PRIMES.every(prime => n % prime)) PRIMES.push(n);
const START = PRIMES.slice(0, 8).map(prime => fraction(prime, 2n));
const ROUND = PRIMES.map(prime => fraction(prime, 3n));

function fraction(prime, degree) {
  const wanted = BigInt(prime) << (32n * degree);
  let low = 0n, high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= wanted) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn);
}

const turn = (word, by) => (word >>> by) | (word << (32 - by));

export function sha256(data) {
  const padded = new Uint8Array(((data.length + 72) >> 6) << 6);
  padded.set(data);
  padded[data.length] = 128;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(data.length / 2 ** 29));
  view.setUint32(padded.length - 4, data.length * 8);
  const state = Uint32Array.from(START), w = new Uint32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let n = 0; n < 64; n++) {
      if (n < 16) w[n] = view.getUint32(at + 4 * n);
      else {
        const early = w[n - 15], late = w[n - 2];
        w[n] = w[n - 16] + w[n - 7] + (turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)) +
          (turn(late, 17) ^ turn(late, 19) ^ (late >>> 10));
      }
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let n = 0; n < 64; n++) {
      const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[n] + w[n]) | 0;
      const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, n) => { state[n] += word; });
  }
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, n) => out.setUint32(4 * n, word));
  return new Uint8Array(out.buffer);
}
