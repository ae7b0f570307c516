// Verifies what stands in FOLDER and issues credentials of its own into it, with the libraries of forms.mjs.
//
//   node peer.mjs FOLDER
//
// FOLDER/ask.json: {now, holder: {audience, nonce}, documents: {url: file}, did, credential, hide, list,
//   verify: [{name, form, file, status?, bound?}]}. Forms: vc+jwt, sd-jwt, proofs.
// Written: FOLDER/peer/*, with the DID document in did.json. Printed: {name: {subject} or {refused: why}}.

import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {
  Shelf, issuer, signJwt, signProof, signSdJwt, statusList, verifyJwt, verifyProofs, verifySdJwt,
} from './forms.mjs';

const folder = process.argv[2];
const read = name => readFileSync(join(folder, name), 'utf8');
const ask = JSON.parse(read('ask.json'));
const now = new Date(ask.now);
const documents = new Map(Object.entries(ask.documents).map(([url, file]) => [url, JSON.parse(read(file))]));
const shelf = new Shelf(documents);

const told = {};
for (const {name, form, file, status, bound} of ask.verify) {
  const means = {shelf, now, status, holder: bound ? ask.holder : undefined};
  try {
    const verify = {'vc+jwt': verifyJwt, 'sd-jwt': verifySdJwt}[form];
    const held = verify ? await verify(read(file), means) : await verifyProofs(JSON.parse(read(file)), means);
    told[name] = {subject: held.credentialSubject};
  } catch (error) {
    told[name] = {refused: [error, ...(error.errors ?? [])].map(one => one.message).join('; ')};
  }
}

mkdirSync(join(folder, 'peer'), {recursive: true});
const write = (name, value) =>
  writeFileSync(join(folder, 'peer', name), typeof value === 'string' ? value : JSON.stringify(value, null, 1));
const maker = await issuer(ask.did);
documents.set(ask.did, maker.document);
write('did.json', maker.document);
const credential = {...ask.credential, issuer: ask.did};
write('ed25519.jwt', await signJwt(credential, maker, 'ed-jwk', now));
write('p256.jwt', await signJwt(credential, maker, 'p', now));
const {token, shown, bound} = await signSdJwt(credential, ask.hide, maker, now, ask.holder);
write('whole.sd-jwt', token);
write('shown.sd-jwt', shown);
write('bound.sd-jwt', bound);
for (const suite of ['eddsa-jcs-2022', 'eddsa-rdfc-2022']) {
  write(`${suite}.json`, await signProof(credential, suite, maker, {shelf, now}));
  write(`list-${suite}.json`, await statusList(ask.list, [7, 131071], maker, suite, {shelf, now}));
}
console.log(JSON.stringify(told));
