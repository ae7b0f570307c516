// Reads cases as JSON from a file (tests/core/credentials/thresholds/vectors.json) or standard input, writes one verdict
// a line: "name ok" or "name refused STEP". Exit 0 if every case ends as its `step` (null: verifies) says.
//
//   node conformance/threshold-verifier/check.mjs [FILE]

import {readFileSync} from 'node:fs';
import {verify, Refused, H} from './verifier.mjs';

const {h, policy, cases} = JSON.parse(readFileSync(process.argv[2] ?? 0, 'utf8'));
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
