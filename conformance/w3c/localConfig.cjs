'use strict';

// What the suites ask for: who we are, where, and which tests we want. All of it comes from the environment of a run.
const {SUITE_BASE: base, SUITE_ISSUER: id, SUITE_NAME: name, SUITE_TAGS: wanted} = process.env;

const ISSUE = {
  'vc2.0': '/credentials/issue',
  'EnvelopingProof': '/credentials/issue?form=vc%2Bjwt',
  'eddsa-jcs-2022': '/credentials/issue?form=eddsa-jcs-2022',
  'eddsa-rdfc-2022': '/credentials/issue?form=eddsa-rdfc-2022',
  'BitstringStatusList': '/credentials/issue',
};

/** One endpoint; its tags choose the tests that call it. */
const endpoint = (path, tags) => ({id, endpoint: base + path, options: {}, supports: {vc: ['2.0']}, tags});

const tags = wanted.split(',');

module.exports = {
  settings: {enableInteropTests: false, testAllImplementations: false},
  implementations: [{
    name,
    implementation: name,
    issuers: tags.map(tag => endpoint(ISSUE[tag], [tag])),
    verifiers: [endpoint('/credentials/verify', tags)],
    vpVerifiers: [endpoint('/presentations/verify', tags)],
  }],
};
