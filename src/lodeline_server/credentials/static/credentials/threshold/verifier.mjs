// A second verifier of threshold proofs, written apart from the Python one: plain JavaScript for a browser or Node,
// offline. Construction: docs/explanation/threshold-proofs.md. It runs on a curve that it is given: `curve.mjs` here, in
// pages; @noble/curves in conformance/threshold-verifier, to hold one against the other.
//
//   verifierOn({Point, sha256}) -> {H, verify}
//   verify(message, {credential, policy, audience, nonceUnused, now, bounds}) -> statement, or throws Refused
//
// `message`, `bounds`: text of the message(s). `credential(id)` returns the document of a credential whose signature,
// issuer and status the caller has verified, or throws. `policy`: {claims: [...]}, the allow-list as JSON.

const PROTOCOL = 'lodeline-threshold/1';
const utf8 = text => new TextEncoder().encode(text);

export class Refused extends Error {
  constructor(step, message) {
    super(message);
    this.step = step;
  }
}

const refuse = (step, message) => {
  throw new Refused(step, message);
};

export function verifierOn(curve) {
  const {Point, sha256} = curve;
  const seed = utf8('lodeline-threshold/1 generator H of secp256k1, which carries the value');
  const on = {Point, sha256, Q: Point.Fn.ORDER, G: Point.BASE, H: hashToCurve(seed, curve)};
  return {H: on.H, verify: (message, asked) => verify(on, message, asked)};
}

function verify(on, message, {credential, policy, audience, nonceUnused, now, bounds = []}) {
  const main = read(on, message, credential);
  const claim = policy.claims.find(one => one.id === main.claim) ?? refuse('policy', 'not on the allow-list');
  checkClaim(main, claim);
  const shown = bounds.map(text => readBound(on, text, credential, main));
  for (const [part, whole] of claim.kind === 'share' ? pairs(main.terms) : []) {
    const signed = part.credential === whole.credential && part.partOf === whole.path;
    const proven = shown.some(one => same(one.terms[0], whole) && same(one.terms[1], part));
    if (!signed && !proven) refuse('policy', 'nothing shows that a part is at most its whole');
  }
  if (main.audience !== audience) refuse('audience', 'for another verifier');
  if (!nonceUnused(main.nonce)) refuse('nonce', 'not given out, or used');
  if (new Date(main.expires) <= now) refuse('dates', 'expired');
  for (const one of [main, ...shown]) {
    try {
      range(on, one);
    } catch (error) {
      refuse('proof', error.message);
    }
  }
  return main;
}

// --- the mathematics

function range(on, {transcript, terms, operator, threshold, bits, proof}) {
  const {Point, sha256, G, H, Q} = on;
  const mod = n => modulo(n, Q);
  const times = (p, n) => (mod(n) === 0n ? Point.ZERO : p.multiplyUnsafe(mod(n)));
  const scalar = (bytes, at) => scalarAt(bytes, at, Q);
  if (proof.length !== 32 + 129 * bits) throw new Error('wrong length');
  const sign = operator[0] === '>' ? 1n : -1n;
  const constant = {'>=': -threshold, '>': -threshold - 1n, '<=': threshold, '<': threshold - 1n}[operator];
  let wanted = times(H, constant);
  for (const {coefficient, point} of terms) wanted = wanted.add(times(point, sign * BigInt(coefficient)));
  if (wanted.is0()) throw new Error('the sum is the point at infinity');
  const e = scalar(proof, 0);
  let sum = Point.ZERO;
  const sealed = [], announced = [];
  for (let i = 0; i < bits; i++) {
    const at = 32 + 129 * i;
    const c = point(Point, proof.subarray(at, at + 33));
    const [e0, z0, z1] = [33, 65, 97].map(offset => scalar(proof, at + offset));
    const e1 = mod(e - e0);
    if (e1 === 0n || c.equals(H)) throw new Error('a challenge is zero or a commitment bare');
    sum = sum.add(times(c, 1n << BigInt(i)));
    sealed.push(c);
    announced.push(times(G, z0).subtract(times(c, e0)), times(G, z1).subtract(times(c.subtract(H), e1)));
  }
  if (announced.some(one => one.is0())) throw new Error('the point at infinity');
  if (!sum.equals(wanted)) throw new Error('the bits do not add up');
  const parts = [...sealed, ...announced].map(one => one.toBytes(true));
  const data = [utf8('lodeline-threshold/1 challenge\0'), sha256(utf8(transcript)), ...parts];
  if (mod(number(sha256(join(data)))) !== e) throw new Error('the challenge does not fit');
}

const modulo = (n, q) => ((n % q) + q) % q;
const number = bytes => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

function join(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}

function scalarAt(bytes, at, q) {
  const found = number(bytes.subarray(at, at + 32));
  if (found === 0n || found >= q) throw new Error('not a canonical scalar');
  return found;
}

function point(Point, bytes) {
  if (bytes.length !== 33 || (bytes[0] !== 2 && bytes[0] !== 3)) throw new Error('not a compressed point');
  return Point.fromBytes(bytes);
}

function hashToCurve(seed, {Point, sha256}) {
  for (let counter = 0; ; counter++) {
    const x = sha256(join([seed, Uint8Array.of(0, 0, 0, counter)]));
    try {
      return Point.fromBytes(join([Uint8Array.of(2), x]));
    } catch {
      continue;
    }
  }
}

// --- what is claimed

const HEAD = {protocol: 'string', claim: 'string', operator: 'string', threshold: 'string', unit: 'string',
  scale: 'number', bits: 'number', audience: 'string', nonce: 'string', expires: 'string', terms: 'array',
  proof: 'string'};
const TERM = {coefficient: 'number', credential: 'string', path: 'string'};

function read(on, text, credential) {
  if (text.length > 65536) refuse('structure', 'too large');
  let sent;
  try {
    sent = JSON.parse(text);
    if (canonical(sent) !== text) throw new Error('not canonical');
  } catch (error) {
    refuse('structure', error.message);
  }
  members(sent, HEAD);
  sent.terms.forEach(term => members(term, TERM));
  if (sent.protocol !== PROTOCOL) refuse('structure', 'another protocol');
  const proof = unbase64(sent.proof) ?? refuse('structure', 'proof is not base64url');
  if (!/^(0|-?[1-9]\d{0,24})$/.test(sent.threshold)) refuse('structure', 'threshold is not an integer');
  const documents = new Map();
  for (const {credential: id} of sent.terms) if (!documents.has(id)) documents.set(id, credential(id));
  const terms = sent.terms.map(term => signedTerm(on, term, documents.get(term.credential)));
  const said = {...sent, terms, threshold: BigInt(sent.threshold), proof};
  shape(said);
  if (terms.some(one => one.unit !== said.unit || one.scale !== said.scale)) refuse('commitment', 'other unit or scale');
  const {terms: _, proof: __, ...head} = sent;
  said.transcript = canonical({
    ...head,
    curve: 'secp256k1',
    generator: base64(on.H.toBytes(true)),
    terms: terms.map(({coefficient, issuer, credential: id, path, text: commitment, bits}) =>
      ({coefficient, issuer, credential: id, path, commitment, bits})),
  });
  return said;
}

function readBound(on, text, credential, main) {
  const said = read(on, text, credential);
  const signs = said.terms.map(one => one.coefficient).join();
  const bits = Math.max(...said.terms.map(one => one.bits));
  if (said.claim !== 'part-of-whole' || said.operator !== '>=' || said.threshold !== 0n || signs !== '1,-1' ||
    said.bits !== bits) refuse('policy', 'this is no part-of-whole');
  if (['audience', 'nonce', 'expires'].some(name => said[name] !== main[name])) refuse('audience', 'messages differ');
  return said;
}

function members(value, wanted) {
  if (kind(value) !== 'object' || Object.keys(value).sort().join() !== Object.keys(wanted).sort().join())
    refuse('structure', 'other members');
  for (const name of Object.keys(wanted)) if (kind(value[name]) !== wanted[name]) refuse('structure', name);
}

const kind = value => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const within = (n, low, high) => Number.isInteger(n) && n >= low && n <= high;
const short = text => typeof text === 'string' && text.length > 0 && [...text].length <= 500;

function shape({claim, audience, nonce, expires, operator, threshold, bits, terms}) {
  const pointers = terms.every(one => one.path[0] === '/' && one.path.length <= 500);
  const factors = terms.every(one => one.coefficient !== 0 && within(one.coefficient, -1e9, 1e9));
  const texts = [claim, audience, ...terms.flatMap(one => [one.issuer, one.credential])].every(short);
  const day = new Date(expires);
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(expires) && !isNaN(day) &&
    day.toISOString().replace('.000', '') === expires;
  const size = threshold < 0n ? -threshold : threshold;
  if (!pointers || !factors || !texts || !time || !within(terms.length, 1, 64) || !within(bits, 1, 64) ||
    !['>=', '>', '<=', '<'].includes(operator) || !/^[A-Za-z0-9_-]{16,128}$/.test(nonce) || size > 1n << 64n)
    refuse('structure', 'a member is out of bounds');
  const distinct = name => new Set(terms.map(name)).size === terms.length;
  if (!distinct(one => JSON.stringify([one.credential, one.path]))) refuse('structure', 'a place is named twice');
  if (!distinct(one => one.text)) refuse('commitment', 'a commitment stands twice');
}

function signedTerm(on, term, document) {
  if (kind(document) !== 'object' || document.id !== term.credential) refuse('commitment', 'not this credential');
  const issuer = kind(document.issuer) === 'object' ? document.issuer.id : document.issuer;
  const found = at(document, term.path);
  const known = ['type', 'commitment', 'unit', 'scale', 'bits', 'partOf'];
  const fits = kind(found) === 'object' && Object.keys(found).every(name => known.includes(name)) &&
    (found.type === undefined || found.type === 'ThresholdCommitment') &&
    typeof found.unit === 'string' && /^[!-~]{1,32}$/.test(found.unit) &&
    within(found.scale, 0, 12) && within(found.bits, 1, 64) && typeof found.commitment === 'string' &&
    (found.partOf === undefined || (short(found.partOf) && found.partOf[0] === '/')) && typeof issuer === 'string';
  if (!fits) refuse('commitment', 'no commitment at the claim path of the signed credential');
  try {
    const {commitment: text, unit, scale, bits, partOf} = found;
    return {...term, issuer, text, unit, scale, bits, partOf, point: point(on.Point, unbase64(text))};
  } catch (error) {
    return refuse('commitment', error.message);
  }
}

function at(document, path) {
  let value = document;
  for (const step of path.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (kind(value) === 'array' && !/^(0|[1-9]\d{0,8})$/.test(name)) return undefined;
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

// --- the allow-list

function checkClaim(said, claim) {
  const {count, scale} = decimal(claim.threshold);
  const share = claim.kind === 'share';
  const steps = share ? 0n : (count * 10n ** BigInt(claim.scale)) / 10n ** BigInt(scale);
  const paths = share ? [claim.path, claim.whole] : [claim.path];
  const wanted = share ? [100n * 10n ** BigInt(scale), -count] : [1n];
  const n = said.terms.length;
  const many = {value: n === 1, sum: n > 1, share: n % 2 === 0}[claim.kind];
  const fits = many && said.operator === claim.operator && said.threshold === steps && said.unit === claim.unit &&
    said.scale === claim.scale && said.bits === claim.bits && said.terms.every((term, index) =>
      BigInt(term.coefficient) === wanted[index % wanted.length] && term.path === paths[index % paths.length]);
  if (!fits) refuse('policy', 'not what the allow-list says');
}

function decimal(text) {
  const [whole, part = ''] = text.split('.');
  return {count: BigInt(whole + part), scale: part.length};
}

const pairs = terms => terms.flatMap((part, index) => (index % 2 ? [] : [[part, terms[index + 1]]]));
const same = (one, two) => one.credential === two.credential && one.path === two.path;

// --- text

function canonical(value) {
  switch (kind(value)) {
    case 'object':
      return `{${Object.keys(value).sort().map(name => `${canonical(name)}:${canonical(value[name])}`).join()}}`;
    case 'array':
      return `[${value.map(canonical).join()}]`;
    case 'string':
      if (!value.isWellFormed()) throw new Error('half of a surrogate pair');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isSafeInteger(value)) throw new Error('only whole numbers');
      return JSON.stringify(value);
    default:
      return JSON.stringify(value);
  }
}

function base64(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function unbase64(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), one => one.charCodeAt(0));
    return base64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
