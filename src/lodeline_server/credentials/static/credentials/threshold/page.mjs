// The button that checks a proof in the page: what is checked stands in the page, nothing is sent.

import * as curve from './curve.mjs';
import {verifierOn} from './verifier.mjs';

const [button, outcome, data] = ['check', 'outcome', 'case'].map(id => document.getElementById(id));
const {verify} = verifierOn(curve);

button.hidden = false;
button.addEventListener('click', () => {
  const {message, bounds, credentials, policy, audience, nonces} = JSON.parse(data.textContent);
  try {
    verify(message, {
      policy, audience, bounds,
      now: new Date(),
      nonceUnused: nonce => nonces.includes(nonce),
      credential: id => credentials[id],
    });
    outcome.textContent = outcome.dataset.good;
  } catch (error) {
    outcome.textContent = `${outcome.dataset.bad} ${error.step ?? 'structure'}: ${error.message}`;
  }
});
