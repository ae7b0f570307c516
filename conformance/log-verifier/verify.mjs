// A verifier of Lodeline's log that shares no code with Lodeline: Node, @noble/hashes and @noble/curves.
//
//   node verify.mjs FOLDER VKEY < jobs.jsonl
//
// FOLDER holds the log's static files (C2SP tlog-tiles), VKEY is the key its checkpoints must be signed with. Each line
// on standard input is one job, each line on standard output its verdict, {"good": true} or {"good": false, "why": "..."}:
//
//   {"inclusion": 7}                                  entry 7 is in the tree: from bundle and tiles alone
//   {"consistency": 300}                              the tree extends its first 300 entries: from tiles alone
//   {"receipt": "c2sp.org/tlog-proof@v1...", "entry": BASE64}   a proof somebody made; without "entry": that of the bundle
//   {"old": 3, "new": 7, "oldRoot": BASE64, "newRoot": BASE64, "proof": [BASE64, ...]}   roots are compared with the tiles
//
// Ends with 0 when everything is good, 1 when something is refused, 2 when it cannot be used.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';

const WIDTH = 256;
const HASH = 32;

class Refused extends Error {}
const refuse = (why) => {
  throw new Refused(why);
};

// --- bytes -------------------------------------------------------------------------------------------------------

const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const utf8 = (text) => new TextEncoder().encode(text);

function join2(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function base64(text) {
  const data = Buffer.from(String(text), 'base64');
  if (data.toString('base64') !== text) refuse('not canonical base64');
  return new Uint8Array(data);
}

function hash32(text) {
  const data = base64(text);
  if (data.length !== HASH) refuse('a hash has 32 bytes');
  return data;
}

function whole(value) {
  if (!Number.isSafeInteger(value) || value < 0) refuse('not a size or position');
  return value;
}

const decimal = (text) => (/^(0|[1-9][0-9]{0,15})$/.test(text) ? whole(Number(text)) : refuse('not a decimal number'));

// --- the tree, by its definition (RFC 6962, section 2.1) ---------------------------------------------------------

const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);
const leafHash = (entry) => sha256(join2(LEAF, entry));
const nodeHash = (left, right) => sha256(join2(NODE, left, right));

function split(size) {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

function treeHash(hashes) {
  if (hashes.length === 0) return sha256(new Uint8Array());
  if (hashes.length === 1) return hashes[0];
  const k = split(hashes.length);
  return nodeHash(treeHash(hashes.slice(0, k)), treeHash(hashes.slice(k)));
}

// 2.1.1 read backwards: the root that an audit path leads to.
function rootOfPath(index, size, leaf, path) {
  if (size === 1) return path.length === 0 ? leaf : refuse('the proof is too long');
  if (path.length === 0) refuse('the proof is too short');
  const rest = path.slice(0, -1);
  const other = path[path.length - 1];
  const k = split(size);
  return index < k
    ? nodeHash(rootOfPath(index, k, leaf, rest), other)
    : nodeHash(other, rootOfPath(index - k, size - k, leaf, rest));
}

function checkInclusion(index, size, leaf, path, root) {
  if (!(index < size)) refuse('the position is not in the tree');
  if (!same(rootOfPath(index, size, leaf, path), root)) refuse('the proof leads to another root');
}

// 2.1.2 read backwards: old and new root that a proof leads to. `known`: the old root, while it is a whole subtree.
function rootsOfProof(old, size, proof, known) {
  if (old === size) {
    if (known) return proof.length === 0 ? [known, known] : refuse('the proof is too long');
    return proof.length === 1 ? [proof[0], proof[0]] : refuse('the proof has the wrong length');
  }
  if (proof.length === 0) refuse('the proof is too short');
  const rest = proof.slice(0, -1);
  const other = proof[proof.length - 1];
  const k = split(size);
  if (old <= k) {
    const [before, after] = rootsOfProof(old, k, rest, known);
    return [before, nodeHash(after, other)];
  }
  const [before, after] = rootsOfProof(old - k, size - k, rest, null);
  return [nodeHash(other, before), nodeHash(other, after)];
}

function checkConsistency(old, size, oldRoot, newRoot, proof) {
  if (!(old > 0 && old <= size)) refuse('no such consistency proof');
  const [before, after] = rootsOfProof(old, size, proof, oldRoot);
  if (!same(before, oldRoot) || !same(after, newRoot)) refuse('the proof does not connect the two roots');
}

// --- signed notes and checkpoints (C2SP signed-note, tlog-checkpoint) --------------------------------------------

function readKey(vkey) {
  const [name, id, ...rest] = vkey.trim().split('+');
  const blob = base64(rest.join('+'));
  if (!name || blob[0] !== 1 || blob.length !== 33) refuse('not an Ed25519 verifier key');
  const wanted = sha256(join2(utf8(`${name}\n`), blob)).slice(0, 4);
  if (Buffer.from(wanted).toString('hex') !== id) refuse('the id of the key is wrong');
  return { name, id: wanted, key: blob.slice(1) };
}

function openCheckpoint(note, trusted) {
  const cut = note.lastIndexOf('\n\n');
  if (cut < 0 || !note.endsWith('\n')) refuse('not a signed note');
  const text = note.slice(0, cut + 1);
  let signed = false;
  for (const line of note.slice(cut + 2, -1).split('\n')) {
    const parts = line.split(' ');
    if (parts.length !== 3 || parts[0] !== '\u2014') refuse('a signature line is malformed');
    const blob = base64(parts[2]);
    if (parts[1] !== trusted.name || !same(blob.slice(0, 4), trusted.id)) continue;
    if (!ed25519.verify(blob.slice(4), utf8(text), trusted.key, { zip215: false })) refuse('the signature does not hold');
    signed = true;
  }
  if (!signed) refuse('the checkpoint is not signed by this key');
  const lines = text.split('\n');
  if (lines.length !== 4 || lines[0] !== trusted.name) refuse('not a checkpoint of this log');
  return { size: decimal(lines[1]), root: hash32(lines[2]) };
}

// --- static files (C2SP tlog-tiles) ------------------------------------------------------------------------------

function number(index) {
  const groups = [];
  for (let rest = index; ; rest = Math.floor(rest / 1000)) {
    groups.unshift(String(rest % 1000).padStart(3, '0'));
    if (rest < 1000) break;
  }
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
}

class Log {
  constructor(folder, point) {
    this.folder = folder;
    this.point = point;
    this.kept = new Map();
    this.counts = []; // hashes per level
    for (let count = point.size; count > 0; count = Math.floor(count / WIDTH)) this.counts.push(count);
    const edge = this.counts.map((count, level) => ({ level, index: Math.floor(count / WIDTH), width: count % WIDTH }));
    this.edge = edge.map(({ level, index, width }) => (width ? this.read(level, index, width) : []));
    if (!same(this.rootOfEdge(), point.root)) refuse('the tiles do not lead to the signed root');
  }

  file(level, index, width) {
    const partial = width < WIDTH ? `.p/${width}` : '';
    try {
      return new Uint8Array(readFileSync(join(this.folder, 'tile', String(level), number(index) + partial)));
    } catch (error) {
      return refuse(`tile ${level}/${index}${partial} cannot be read: ${error.code}`);
    }
  }

  read(level, index, width) {
    const data = this.file(level, index, width);
    if (data.length !== width * HASH) refuse(`tile ${level}/${index} has the wrong length`);
    return Array.from({ length: width }, (_, at) => data.slice(at * HASH, (at + 1) * HASH));
  }

  // Partial tiles are the right edge: subtrees of falling size from the highest level down.
  rootOfEdge() {
    const parts = [];
    for (let level = this.edge.length - 1; level >= 0; level -= 1) {
      let at = 0;
      for (let bit = 7; bit >= 0; bit -= 1) {
        const width = 1 << bit;
        if (this.edge[level].length & width) {
          parts.push(treeHash(this.edge[level].slice(at, at + width)));
          at += width;
        }
      }
    }
    if (parts.length === 0) return treeHash([]);
    return parts.reduceRight((right, left) => nodeHash(left, right));
  }

  // A tile whose hash was compared with the tile above, and so on up to the signed root.
  tile(level, index) {
    if (index === Math.floor(this.counts[level] / WIDTH)) return this.edge[level];
    const name = `${level}/${index}`;
    if (!this.kept.has(name)) {
      const hashes = this.read(level, index, WIDTH);
      const above = this.tile(level + 1, Math.floor(index / WIDTH))[index % WIDTH];
      if (!same(treeHash(hashes), above)) refuse(`tile ${name} does not lead to the signed root`);
      this.kept.set(name, hashes);
    }
    return this.kept.get(name);
  }

  // The hash of entries [start, end), where start is a multiple of the next power of two.
  range(start, end) {
    const size = end - start;
    if (size <= WIDTH) return this.within(0, start, size);
    if (split(size) * 2 !== size) return this.both(start, end);
    let [level, first, count] = [0, start, size];
    while (count > WIDTH) [level, first, count] = [level + 1, first / WIDTH, count / WIDTH];
    return this.within(level, first, count);
  }

  both(start, end) {
    const k = split(end - start);
    return nodeHash(this.range(start, start + k), this.range(start + k, end));
  }

  within(level, first, count) {
    if (count < 1) return refuse('an empty range');
    const hashes = this.tile(level, Math.floor(first / WIDTH)).slice(first % WIDTH, (first % WIDTH) + count);
    if (hashes.length !== count) refuse('the tree has no such subtree');
    return treeHash(hashes);
  }

  root(size) {
    return size > this.point.size ? refuse('the log is not that large') : this.range(0, size);
  }

  path(index, start, end) {
    if (end - start === 1) return [];
    const k = split(end - start);
    return index < start + k
      ? [...this.path(index, start, start + k), this.range(start + k, end)]
      : [...this.path(index, start + k, end), this.range(start, start + k)];
  }

  proof(old, start, end, isWhole) {
    if (start + old === end) return isWhole ? [] : [this.range(start, end)];
    const k = split(end - start);
    return old <= k
      ? [...this.proof(old, start, start + k, isWhole), this.range(start + k, end)]
      : [...this.proof(old - k, start + k, end, false), this.range(start, start + k)];
  }

  entry(index) {
    const tile = Math.floor(index / WIDTH);
    const width = Math.min(WIDTH, this.point.size - tile * WIDTH);
    const data = this.file('entries', tile, width);
    let at = 0;
    for (let place = 0; place < width; place += 1) {
      const length = data[at] * 256 + data[at + 1];
      if (!(at + 2 + length <= data.length)) refuse('a bundle ends inside an entry');
      if (place === index % WIDTH) return data.slice(at + 2, at + 2 + length);
      at += 2 + length;
    }
    return refuse('no such entry');
  }
}

// --- jobs ----------------------------------------------------------------------------------------------------------

function readReceipt(text, trusted) {
  const cut = text.indexOf('\n\n');
  const lines = text.slice(0, cut).split('\n');
  if (cut < 0 || lines.shift() !== 'c2sp.org/tlog-proof@v1') refuse('not a tlog-proof');
  if (lines.length && lines[0].startsWith('extra ')) lines.shift();
  const index = (lines.shift() ?? '').match(/^index (.+)$/) ?? refuse('a proof names its index');
  return { index: decimal(index[1]), path: lines.map(hash32), point: openCheckpoint(text.slice(cut + 2), trusted) };
}

function run(job, log, trusted) {
  const { size, root } = log.point;
  if ('inclusion' in job) {
    const index = whole(job.inclusion);
    if (index >= size) refuse('the position is not in the tree');
    return checkInclusion(index, size, leafHash(log.entry(index)), log.path(index, 0, size), root);
  }
  if ('consistency' in job) {
    const old = whole(job.consistency);
    if (old < 1 || old > size) refuse('no such consistency proof');
    return checkConsistency(old, size, log.root(old), root, log.proof(old, 0, size, true));
  }
  if ('receipt' in job) {
    const { index, path, point } = readReceipt(job.receipt, trusted);
    const entry = 'entry' in job ? base64(job.entry) : log.entry(index);
    checkInclusion(index, point.size, leafHash(entry), path, point.root);
    return same(log.root(point.size), point.root) ? null : refuse('the receipt is of another tree');
  }
  if ('proof' in job) {
    const [old, now] = [whole(job.old), whole(job.new)];
    if (old < 1 || old > now) refuse('no such consistency proof');
    if (!same(hash32(job.oldRoot), log.root(old)) || !same(hash32(job.newRoot), log.root(now))) {
      refuse('the roots are not those of the log');
    }
    return checkConsistency(old, now, hash32(job.oldRoot), hash32(job.newRoot), job.proof.map(hash32));
  }
  return refuse('not a job');
}

function main([folder, vkey]) {
  if (!folder || !vkey) {
    console.error('usage: node verify.mjs FOLDER VKEY < jobs.jsonl');
    return 2;
  }
  const jobs = readFileSync(0, 'utf8').split('\n').filter(Boolean);
  const verdicts = [];
  const judge = (work) => {
    try {
      work();
      verdicts.push({ good: true });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      verdicts.push({ good: false, why: error.message });
    }
  };
  let trusted;
  let log;
  try {
    trusted = readKey(vkey);
    log = new Log(folder, openCheckpoint(readFileSync(join(folder, 'checkpoint'), 'utf8'), trusted));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    jobs.forEach(() => verdicts.push({ good: false, why: error.message }));
  }
  if (log) for (const job of jobs) judge(() => run(JSON.parse(job), log, trusted));
  console.log(verdicts.map((verdict) => JSON.stringify(verdict)).join('\n'));
  return verdicts.every((verdict) => verdict.good) ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
