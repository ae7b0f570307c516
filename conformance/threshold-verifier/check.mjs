// Reads cases as JSON from a file (tests/core/credentials/thresholds/vectors.json) or standard input, writes one verdict
// a line: "name ok" or "name refused STEP". Exit 0 if every case ends as its `step` (null: verifies) says.
//
//   node conformance/threshold-verifier/check.mjs [--own] [FILE]
//
// With the curve of @noble/curves; --own: with the one that our pages bring along.

import {readFileSync} from 'node:fs';

const PAGES = '../../src/lodeline_server/credentials/static/credentials/threshold';
const words = process.argv.slice(2);
const own = words[0] === '--own' && Boolean(words.shift());
const {verifierOn, Refused} = await import(`${PAGES}/verifier.mjs`);
const {verify, H} = verifierOn(own ? await import(`${PAGES}/curve.mjs`) : (await import('./noble.mjs')).curve);
const {h, policy, cases} = JSON.parse(readFileSync(words[0] ?? 0, 'utf8'));
let wrong = 0;
if (Buffer.from(H.toBytes(true)).toString('hex') !== h) {
  console.log('generator H differs');
  wrong++;
}
for (const {name, step, message, credentials, audience, now, nonces, bounds} of cases) {
  const open = new Set(nonces);
  let found = null;
  try {
    verify(message, {
      policy,
      audience,
      bounds,
      now: new Date(now),
      nonceUnused: nonce => open.delete(nonce),
      credential: id => credentials[id] ?? (() => { throw new Refused('credential', id); })(),
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    found = error.step;
  }
  if (found !== step) wrong++;
  console.log(name, found === null ? 'ok' : `refused ${found}`, found === step ? '' : `, expected ${step}`);
}
process.exit(wrong ? 1 : 0);
