'use strict';

// What the suites ask for: who we are and where. Everything comes from the environment of the run.
const {SUITE_BASE: base, SUITE_ISSUER: id, SUITE_NAME: name} = process.env;

/** One endpoint; the tags choose the tests that call it. */
const endpoint = (path, ...tags) => ({id, endpoint: base + path, options: {}, supports: {vc: ['2.0']}, tags});

module.exports = {
  settings: {enableInteropTests: false, testAllImplementations: false},
  implementations: [{
    name,
    implementation: name,
    issuers: [
      endpoint('/credentials/issue', 'vc2.0', 'BitstringStatusList', 'eddsa-jcs-2022'),
      endpoint('/credentials/issue?form=eddsa-rdfc-2022', 'eddsa-rdfc-2022'),
    ],
    verifiers: [endpoint('/credentials/verify', 'vc2.0', 'BitstringStatusList', 'eddsa-jcs-2022', 'eddsa-rdfc-2022')],
    vpVerifiers: [endpoint('/presentations/verify', 'vc2.0', 'eddsa-jcs-2022', 'eddsa-rdfc-2022')],
  }],
};
