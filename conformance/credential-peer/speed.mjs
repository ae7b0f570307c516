// How long the libraries of other makers take to verify the passports of benchmarks/credentials_speed.py.
//
// First line of standard input: {now, did, files: {name: text}}. Then one line a round: {name, times}, answered with the
// seconds of processor time, all threads, that so many verifications took. Keys are imported once where the library
// lets one do that.

import {createInterface} from 'node:readline';
import * as jose from 'jose';
import * as vc from '@digitalbazaar/vc';
import {verifyJWT} from 'did-jwt';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {SDJwtInstance} from '@sd-jwt/core';
import {ES256, digest} from '@sd-jwt/crypto-nodejs';
import {SUITES, Shelf} from './forms.mjs';

const lines = createInterface({input: process.stdin})[Symbol.asyncIterator]();
const {now: moment, did, files} = JSON.parse((await lines.next()).value);
const now = new Date(moment);
const seconds = Math.floor(now / 1000);
const shelf = new Shelf(new Map([[did.id, did]]));

const found = {didDocument: did, didDocumentMetadata: {}, didResolutionMetadata: {}};
const resolver = {resolve: async () => found};
const imported = {};
for (const {id, publicKeyJwk} of did.verificationMethod) {
  if (publicKeyJwk) imported[id.replace('-jwk', '')] = publicKeyJwk;
}
const keyOf = kid => imported[kid.replace('-jwk', '')];
const keys = {};
for (const [kid, jwk] of Object.entries(imported)) {
  keys[kid] = await jose.importJWK(jwk, jwk.kty === 'EC' ? 'ES256' : 'EdDSA');
}
const kidOf = token => jose.decodeProtectedHeader(token.split('~')[0]).kid;

const didJwt = async token =>
  (await verifyJWT(token, {resolver, proofPurpose: 'assertionMethod', policies: {now: seconds}})).verified;
const bareJwt = token => {
  const key = keys[kidOf(token)];
  return async () => Boolean((await jose.jwtVerify(token, key, {typ: 'vc+jwt', currentDate: now})).payload);
};
const suite = new DataIntegrityProof({cryptosuite: SUITES['eddsa-jcs-2022'].verify()});
const proofs = async text =>
  (await vc.verifyCredential({credential: JSON.parse(text), suite, documentLoader: shelf.load, now})).verified;
const sdJwt = async token => {
  const verifier = await ES256.getVerifier(keyOf(kidOf(token)));
  const instance = new SDJwtInstance({verifier, hasher: digest, hashAlg: 'sha-256'});
  return async () => Boolean((await instance.verify(token, {currentDate: seconds})).payload);
};

const work = {};
for (const [name, text] of Object.entries(files)) {
  if (name.startsWith('jose ')) work[name] = bareJwt(text);
  else if (name.startsWith('did-jwt ')) work[name] = () => didJwt(text);
  else if (name === 'eddsa-jcs-2022') work[name] = () => proofs(text);
  else work[name] = await sdJwt(text);
}

console.log('ready');
for await (const line of lines) {
  const {name, times} = JSON.parse(line);
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) if (!(await work[name]())) throw new Error(`${name} does not hold`);
  const {user, system} = process.cpuUsage(before);
  console.log((user + system) / 1e6);
}
