// What the libraries of other makers do with each form of a credential. No code of Lodeline is in here.
//
// vc+jwt: jose. Data Integrity and status lists: Digital Bazaar. SD-JWT: the OpenWallet Foundation.

import {webcrypto} from 'node:crypto';
import * as jose from 'jose';
import * as vc from '@digitalbazaar/vc';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite as rdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {createSignCryptosuite, createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {checkStatus, createCredential, createList} from '@digitalbazaar/vc-bitstring-status-list';
import {SDJwtInstance} from '@sd-jwt/core';
import {ES256, digest, generateSalt} from '@sd-jwt/crypto-nodejs';

export const SUITES = {
  'eddsa-rdfc-2022': {sign: () => rdfc, verify: () => rdfc},
  'eddsa-jcs-2022': {sign: createSignCryptosuite, verify: createVerifyCryptosuite},
};
const MULTIKEY = 'https://w3id.org/security/multikey/v1';

/** What may be loaded: DID documents, their keys, contexts, status lists. Anything else is refused. */
export class Shelf {
  constructor(documents) {
    this.documents = documents;
    this.load = async url => {
      const document = this.get(url);
      return document ? {contextUrl: null, documentUrl: url, document} : vc.defaultDocumentLoader(url);
    };
  }

  get(url) {
    const found = this.documents.get(url);
    if (found || !url.startsWith('did:')) return found;
    const method = this.documents.get(url.split('#')[0])?.verificationMethod.find(one => one.id === url);
    return method && {'@context': MULTIKEY, ...method};
  }

  /** The key that `kid` names, in its form as JSON Web Key, if its owner lists it for statements. */
  async key(kid, issuer, alg) {
    const owner = kid.split('#')[0];
    if (owner !== issuer) throw new Error(`signed by ${owner}, issued by ${issuer}`);
    const document = this.get(owner);
    const id = [kid, `${kid}-jwk`].find(
      name => document?.assertionMethod.includes(name) && this.get(name)?.publicKeyJwk);
    if (!id) throw new Error(`${owner} lists no key ${kid} for statements`);
    const {publicKeyJwk} = this.get(id);
    return {publicKeyJwk, key: await jose.importJWK(publicKeyJwk, alg)};
  }
}

const named = issuer => issuer?.id ?? issuer;

export async function verifyJwt(token, {shelf, now}) {
  const {kid, alg} = jose.decodeProtectedHeader(token);
  const {key} = await shelf.key(kid, named(jose.decodeJwt(token).issuer), alg);
  const options = {typ: 'vc+jwt', algorithms: ['ES256', 'EdDSA', 'Ed25519'], currentDate: now};
  return (await jose.jwtVerify(token, key, options)).payload;
}

export async function verifySdJwt(token, {shelf, now, holder}) {
  const jwt = token.split('~')[0];
  const {kid, alg} = jose.decodeProtectedHeader(jwt);
  const {publicKeyJwk, key} = await shelf.key(kid, named(jose.decodeJwt(jwt).issuer), alg);
  const verifier = alg === 'ES256' ? await ES256.getVerifier(publicKeyJwk) : ed25519(key);
  const kbVerifier = async (data, signature, payload) =>
    ed25519(await jose.importJWK(payload.cnf.jwk, 'EdDSA'))(data, signature);
  const instance = new SDJwtInstance({verifier, kbVerifier, hasher: digest, hashAlg: 'sha-256'});
  const currentDate = Math.floor(now / 1000);
  const {payload, kb} = await instance.verify(token, {currentDate, keyBindingNonce: holder?.nonce});
  if (holder && kb?.payload.aud !== holder.audience) throw new Error('bound for another audience');
  return payload;
}

function ed25519(key) {
  return (data, signature) =>
    webcrypto.subtle.verify('Ed25519', key, Buffer.from(signature, 'base64url'), Buffer.from(data));
}

export async function verifyProofs(credential, {shelf, now, status = false}) {
  const suite = Object.values(SUITES).map(one => new DataIntegrityProof({cryptosuite: one.verify()}));
  const told = await vc.verifyCredential({
    credential, suite, documentLoader: shelf.load, now,
    checkStatus: status ? checkStatus : async () => ({verified: true}),
  });
  if (!told.verified) throw told.error ?? new Error(JSON.stringify(told.statusResult.error?.message));
  const set = told.statusResult?.results?.filter(one => one.status);
  if (set?.length) throw new Error(`status: ${set[0].credentialStatus.statusPurpose}`);
  return credential;
}

/** An issuer with fresh keys: a DID document like ours, and a way to sign in each form. */
export async function issuer(did) {
  const ed = await Ed25519Multikey.generate({controller: did, id: `${did}#ed`});
  const pairs = {};
  for (const [name, alg] of [['ed-jwk', 'EdDSA'], ['p', 'ES256']]) {
    const pair = await jose.generateKeyPair(alg, {extractable: true});
    pairs[name] = {alg, kid: `${did}#${name}`, ...pair};
  }
  const methods = [await ed.export({publicKey: true, includeContext: false})];
  for (const {kid, publicKey} of Object.values(pairs)) {
    const publicKeyJwk = await jose.exportJWK(publicKey);
    methods.push({id: kid, type: 'JsonWebKey', controller: did, publicKeyJwk});
  }
  const document = {
    '@context': ['https://www.w3.org/ns/did/v1', MULTIKEY], id: did,
    verificationMethod: methods, assertionMethod: methods.map(one => one.id),
  };
  return {did, ed, pairs, document};
}

export function signJwt(credential, {pairs}, name, now) {
  const {alg, kid, privateKey} = pairs[name];
  const made = new jose.SignJWT(credential).setProtectedHeader({alg, kid, typ: 'vc+jwt', cty: 'vc'});
  return made.setIssuedAt(Math.floor(now / 1000)).sign(privateKey);
}

export async function signSdJwt(credential, hide, {pairs}, now, holder) {
  const {alg, kid, privateKey} = pairs.p;
  const bound = await jose.generateKeyPair('EdDSA', {extractable: true});
  const instance = new SDJwtInstance({
    signer: await ES256.getSigner(await jose.exportJWK(privateKey)), signAlg: alg,
    kbSignAlg: 'EdDSA',
    kbSigner: async data => Buffer.from(
      await webcrypto.subtle.sign('Ed25519', bound.privateKey, Buffer.from(data))).toString('base64url'),
    hasher: digest, hashAlg: 'sha-256', saltGenerator: generateSalt,
  });
  const iat = Math.floor(now / 1000);
  const claims = {...credential, iat, cnf: {jwk: await jose.exportJWK(bound.publicKey)}};
  const frame = {credentialSubject: {_sd: hide, _sd_decoy: 3}};
  const token = await instance.issue(claims, frame, {header: {typ: 'vc+sd-jwt', kid}});
  const show = {credentialSubject: {[hide[0]]: true}};
  const shown = await instance.present(token, show);
  const payload = {iat, aud: holder.audience, nonce: holder.nonce};
  const bind = {kb: {payload}};
  return {token, shown, bound: await instance.present(token, show, bind)};
}

export function signProof(credential, suite, {ed}, {shelf, now}) {
  const proof = new DataIntegrityProof({signer: ed.signer(), cryptosuite: SUITES[suite].sign(), date: now});
  return vc.issue({credential: structuredClone(credential), suite: proof, documentLoader: shelf.load, now});
}

/** A signed list of 131,072 entries with those in `set` at 1. */
export async function statusList(id, set, maker, suite, means) {
  const list = await createList({length: 131072});
  for (const index of set) list.setStatus(index, true);
  const credential = await createCredential({id, list, statusPurpose: 'revocation'});
  credential.issuer = maker.did;
  return signProof(credential, suite, maker, means);
}
